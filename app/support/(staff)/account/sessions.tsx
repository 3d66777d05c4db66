'use client'

import { useState } from 'react'
import { announce } from '@/app/_ui/announce'
import { api, ApiError, notDone } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { Notice } from '@/app/_ui/notice'
import page from '@/app/_ui/reading-page.module.css'
import { Label } from '@/app/_ui/status-chip'
import { Time } from '@/app/_ui/time'
import { listPollMs, usePolled } from '@/app/_ui/use-polled'
import { signInPage } from '@/core/sign-in'
import type { SessionView } from '@/core/views'
import styles from './account.module.css'

const path = '/api/account/sessions'

/** Where one is signed in, and the way to end each of these. */
export function Sessions({ first }: { first: SessionView[] }) {
  const query = usePolled<{ sessions: SessionView[] }>({
    path,
    everyMs: () => listPollMs.quiet,
    first: { path, answer: { sessions: first } },
  })
  const sessions = query.data?.sessions ?? first
  const [busy, setBusy] = useState<string | null>(null)
  const [problem, setProblem] = useState<{ title: string; why: string } | null>(null)

  const end = async (what: string, address: string, done: string) => {
    setBusy(what)
    setProblem(null)
    try {
      await api(address, { method: 'DELETE' })
      if (what === 'all') return window.location.assign(signInPage)
      announce(done)
      await query.refetch()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      setProblem(notDone(error, 'Not signed out.'))
      await query.refetch()
    } finally {
      setBusy(null)
    }
  }

  return (
    <section className={page.section} aria-labelledby="sessions">
      <h2 id="sessions">
        Where you are signed in <span>{sessions.length}</span>
      </h2>
      {problem === null ? null : (
        <Notice severity="error" title={problem.title}>
          {problem.why}
        </Notice>
      )}
      <ul className={styles.list}>
        {sessions.map((session) => (
          <li key={session.id} className={styles.row}>
            <div>
              <p className={styles.what}>
                {session.browser}
                {session.is_this_one ? <Label>This one</Label> : null}
              </p>
              <p className={styles.note}>
                From {session.address}, since <Time at={session.created_at} />, last seen{' '}
                <Time at={session.last_seen_at} />
              </p>
            </div>
            {session.is_this_one ? null : (
              <BusyButton
                aria-label={`Sign out ${session.browser}, ${session.address}`}
                isBusy={busy === session.id}
                busyWord="Ending"
                onClick={() => void end(session.id, `${path}/${session.id}`, `${session.browser} is signed out.`)}
              >
                Sign out
              </BusyButton>
            )}
          </li>
        ))}
      </ul>
      <div className={styles.actions}>
        {sessions.length > 1 ? (
          <BusyButton
            isBusy={busy === 'others'}
            busyWord="Ending"
            onClick={() => void end('others', `${path}?keep=this`, 'All others are signed out.')}
          >
            Sign out all others
          </BusyButton>
        ) : null}
        <BusyButton isBusy={busy === 'all'} busyWord="Ending" onClick={() => void end('all', path, '')}>
          Sign out everywhere
        </BusyButton>
      </div>
    </section>
  )
}
