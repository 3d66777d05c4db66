import { useId, useState } from 'react'
import { Radio, RadioGroup } from '@/app/_ui/radio'
import { previewParts, type PreviewPart } from '@/core/message'
import styles from './message.module.css'

const names: Record<PreviewPart, string> = { html: 'HTML', text: 'Plain text' }

/** The mail itself, in a frame that can do nothing: whoever wrote the mail need not be trusted. */
export function Preview({ id, subject, refusal }: { id: string; subject: string; refusal: string | null }) {
  const [part, setPart] = useState<PreviewPart>('html')
  const group = useId()
  if (refusal) return <p className={styles.refusal}>{refusal}</p>
  return (
    <>
      <RadioGroup legend="Shown as">
        {previewParts.map((one) => (
          <Radio key={one} name={group} label={names[one]} checked={part === one} onChange={() => setPart(one)} />
        ))}
      </RadioGroup>
      <iframe
        className={styles.preview}
        title={`The mail "${subject}" as ${names[part]}`}
        sandbox=""
        referrerPolicy="no-referrer"
        src={`/api/messages/${id}/preview?part=${part}`}
      />
    </>
  )
}
