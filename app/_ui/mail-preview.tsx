'use client'

import { Lock, Monitor, Smartphone } from 'lucide-react'
import { useEffect, useRef, useState, type RefObject } from 'react'
import { previewParts, type HiddenPart, type PreviewPart } from '@/core/message'
import styles from './mail-preview.module.css'
import { Segments, type Segment } from './segments'
import { useUrlState } from './url-state'

const parts: Record<PreviewPart, { label: string; words: string }> = {
  html: { label: 'HTML', words: 'HTML' },
  text: { label: 'Text', words: 'plain text' },
  source: { label: 'Source', words: 'source' },
}
const partSegments = previewParts.map((value): Segment<PreviewPart> => ({ value, label: parts[value].label }))

/** Of a desktop client's reading pane, and of a phone. */
const widthSegments = [
  { value: '600', label: '600', more: 'pixels wide', Icon: Monitor },
  { value: '360', label: '360', more: 'pixels wide', Icon: Smartphone },
] as const satisfies Segment<string>[]
type Width = (typeof widthSegments)[number]['value']

const hiddenWords: Record<HiddenPart, string> = {
  link: 'Link hidden',
  password: 'Password hidden',
  body: 'Text hidden',
}

/** Whether the focus is inside a frame. Only its window tells: browsers do not match `:focus` on it, nor on what is around it. */
function useIsEntered(frame: RefObject<HTMLIFrameElement | null>): boolean {
  const [isEntered, setIsEntered] = useState(false)
  useEffect(() => {
    const look = () => setIsEntered(frame.current !== null && document.activeElement === frame.current)
    window.addEventListener('blur', look)
    window.addEventListener('focus', look)
    return () => {
      window.removeEventListener('blur', look)
      window.removeEventListener('focus', look)
    }
  }, [frame])
  return isEntered
}

/**
 * A mail as HTML, text and source, at two widths, in a frame that can do nothing: whoever wrote the mail need not be
 * trusted. The part and the width stand in the address of the page.
 * @param props.src where a part is answered as a document of its own
 */
export function MailPreview(props: { subject: string; hides: HiddenPart | null; src: (part: PreviewPart) => string }) {
  const { subject, hides, src } = props
  const { parameters, change } = useUrlState()
  const part = previewParts.find((one) => one === parameters.get('part')) ?? 'html'
  const width: Width = parameters.get('width') === '360' ? '360' : '600'
  const address = src(part)
  const frame = useRef<HTMLIFrameElement>(null)
  const isEntered = useIsEntered(frame)
  return (
    <div className={styles.preview}>
      <div className={styles.choices}>
        <Segments
          legend="Shown as"
          segments={partSegments}
          value={part}
          onChange={(value) => change({ part: value === 'html' ? null : value }, 'replace')}
        />
        <div className={styles.widths}>
          <Segments<Width>
            legend="Width"
            segments={widthSegments}
            value={width}
            onChange={(value) => change({ width: value === '600' ? null : value }, 'replace')}
          />
        </div>
      </div>
      <div className={styles.box} data-entered={isEntered}>
        <div className={styles.head}>
          <p className={styles.subject}>
            Subject <b>{subject}</b>
          </p>
          {hides ? (
            <p className={styles.hides}>
              <Lock size={14} aria-hidden />
              {hiddenWords[hides]}
            </p>
          ) : null}
        </div>
        {/* A frame of its own for each address: one that goes on to another would be a step for the Back button. */}
        <iframe
          key={address}
          ref={frame}
          className={styles.frame}
          data-width={width}
          title={`The mail "${subject}" as ${parts[part].words}`}
          sandbox=""
          referrerPolicy="no-referrer"
          src={address}
        />
      </div>
    </div>
  )
}
