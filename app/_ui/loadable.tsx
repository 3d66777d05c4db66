'use client'

import { useEffect, useEffectEvent, useState, type ComponentType } from 'react'
import { toast } from './toast'

type Closable = { onClose: () => void }

/**
 * A dialog whose script is loaded when it is opened. Where that fails (no network, a new version was rolled out) a toast says so
 * and it closes: the page and what is typed there stay, and the next opening tries anew. `lazy` would take the whole page down.
 */
export function loadable<Props extends Closable>(
  load: () => Promise<{ default: ComponentType<Props> }>,
  failed = 'This could not be loaded. Please try again.',
) {
  let known: ComponentType<Props> | null = null
  const find = async (): Promise<ComponentType<Props>> => {
    known = (await load()).default
    return known
  }

  function Loadable(props: Props) {
    const [Part, setPart] = useState(() => known)
    const fail = useEffectEvent(() => {
      toast(failed, { failed: true })
      props.onClose()
    })
    useEffect(() => {
      if (Part) return undefined
      let isStill = true
      void find().then(
        (found) => {
          if (isStill) setPart(() => found)
          return found
        },
        () => {
          if (isStill) fail()
        },
      )
      return () => {
        isStill = false
      }
    }, [Part])
    return Part ? <Part {...props} /> : null
  }

  /** Loads it before it is opened. Never rejects: who opens it is told. */
  Loadable.prepare = (): Promise<unknown> => find().catch(() => null)
  return Loadable
}
