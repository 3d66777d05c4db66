'use client'

import { useEffect, useRef } from 'react'
import { Notice } from '@/app/_ui/notice'

export type Problem = { title: string; why: string }

/** Why a form was not taken, above its fields. It gets the focus whenever that is said anew. */
export function FormProblem({ problem }: { problem: Problem | null }) {
  const notice = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (problem !== null) notice.current?.focus()
  }, [problem])
  if (problem === null) return null
  return (
    <Notice severity="error" title={problem.title} ref={notice}>
      {problem.why} What you typed is kept.
    </Notice>
  )
}

/** Names the fields that have a fault, in the order of the form. */
export const pleaseCheck = (labels: Record<string, string>, faults: object): string =>
  `Please check: ${Object.entries(labels)
    .filter(([name]) => name in faults)
    .map(([, label]) => label)
    .join(', ')}.`
