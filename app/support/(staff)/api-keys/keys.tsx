'use client'

import Button from '@mui/material/Button'
import { KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import { CouldNotRead, ListState } from '@/app/_ui/list-state'
import { Live } from '@/app/_ui/live'
import { PageHead } from '@/app/_ui/page-head'
import page from '@/app/_ui/reading-page.module.css'
import { Label } from '@/app/_ui/status-chip'
import { Time } from '@/app/_ui/time'
import { listPollMs, usePolled } from '@/app/_ui/use-polled'
import { can, type StaffActor } from '@/core/permissions'
import type { KeyView } from '@/core/views'
import type { KeyList } from '@/server/list-keys'
import { CreateKeyDialog } from './create-key-dialog'
import { kindWords, limitsOf, reachOf, stateWords } from './key-words'
import styles from './keys.module.css'
import { RevokeKeyDialog } from './revoke-key-dialog'

const path = '/api/keys'

/** Which services may ask, what for, and since when none of them has. */
export function Keys({ actor, first }: { actor: StaffActor; first: KeyList }) {
  const query = usePolled<KeyList>({ path, everyMs: () => listPollMs.quiet, first: { path, answer: first } })
  const [isCreating, setIsCreating] = useState(false)
  const [toRevoke, setToRevoke] = useState<KeyView | null>(null)
  const keys = query.data?.keys
  return (
    <div className={page.page}>
      <PageHead
        title="API keys"
        right={
          <>
            <Live query={query} />
            {can(actor, 'key.create') ? (
              <Button variant="contained" startIcon={<Plus size={16} />} onClick={() => setIsCreating(true)}>
                Create key
              </Button>
            ) : null}
          </>
        }
      />
      {keys === undefined ? (
        <CouldNotRead title="The keys could not be read" error={query.error} onRetry={() => void query.refetch()} />
      ) : keys.length === 0 ? (
        <ListState Icon={KeyRound} title="No API keys yet">
          Another service that asks for mail or accounts needs a key of its own.
        </ListState>
      ) : (
        <ul className={styles.list} aria-label="API keys">
          {keys.map((key) => (
            <Key key={key.id} shown={key} onRevoke={() => setToRevoke(key)} />
          ))}
        </ul>
      )}
      {isCreating ? <CreateKeyDialog actor={actor} onClose={() => setIsCreating(false)} /> : null}
      {toRevoke ? <RevokeKeyDialog shown={toRevoke} onClose={() => setToRevoke(null)} /> : null}
    </div>
  )
}

function Key({ shown, onRevoke }: { shown: KeyView; onRevoke: () => void }) {
  return (
    <li className={styles.key}>
      <div className={styles.about}>
        <div className={styles.name}>
          {shown.name}
          <span className="mono">{shown.prefix}…</span>
          <Label>{stateWords[shown.state]}</Label>
          {shown.kind === 'live' ? null : <Label>{kindWords[shown.kind].label}</Label>}
        </div>
        <p>{reachOf(shown)}</p>
        <p>{limitsOf(shown)}</p>
        <p>
          Made by {shown.created_by} <Time at={shown.created_at} />
          {shown.last_used_at ? (
            <>
              , last used <Time at={shown.last_used_at} />
            </>
          ) : (
            ', never used'
          )}
          <End shown={shown} />
        </p>
      </div>
      {shown.state === 'revoked' ? null : (
        <Button size="small" onClick={onRevoke} aria-label={`Revoke ${shown.name}, ${shown.prefix}`}>
          Revoke
        </Button>
      )}
    </li>
  )
}

function End({ shown }: { shown: KeyView }) {
  if (shown.revoked_at) {
    return (
      <>
        , revoked <Time at={shown.revoked_at} />
      </>
    )
  }
  if (!shown.expires_at) return ', without an end'
  return (
    <>
      , {shown.state === 'expired' ? 'ended' : 'ends'} <Time at={shown.expires_at} as="dayAndClock" />
    </>
  )
}
