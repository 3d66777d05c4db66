'use client'

import Button from '@mui/material/Button'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { api, ApiError, notDone } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { CopyButton } from '@/app/_ui/copy-button'
import { Dialog, DialogBody } from '@/app/_ui/dialog'
import { Notice } from '@/app/_ui/notice'
import { Radio, RadioGroup } from '@/app/_ui/radio'
import { TextField } from '@/app/_ui/text-field'
import { toast } from '@/app/_ui/toast'
import { useIsHere } from '@/app/_ui/use-is-here'
import { deliveryModes, type DeliveryMode } from '@/core/delivery-mode'
import { keyRoles, scopes, type KeyRole, type Scope, type StaffActor } from '@/core/permissions'
import { createKeyRequest } from '@/core/key-requests'
import { faultsByField, plainWords } from '@/core/requests'
import { roleLabel } from '@/core/roles'
import type { CreatedKey } from '@/server/create-key'
import dialog from '../users/dialog-body.module.css'
import { kindWords, scopeMeanings } from './key-words'
import styles from './keys.module.css'

/** First what it shall be able to do; then the key itself, this once. */
export function CreateKeyDialog({ actor, onClose }: { actor: StaffActor; onClose: () => void }) {
  const [created, setCreated] = useState<CreatedKey | null>(null)
  const [isBusy, setIsBusy] = useState(false)
  return (
    <Dialog onClose={onClose} isLocked={isBusy || created !== null}>
      {created ? (
        <KeyCreated created={created} onClose={onClose} />
      ) : (
        <CreateKeyForm actor={actor} isBusy={isBusy} setIsBusy={setIsBusy} onCreated={setCreated} onClose={onClose} />
      )}
    </Dialog>
  )
}

function KeyCreated({ created, onClose }: { created: CreatedKey; onClose: () => void }) {
  return (
    <DialogBody
      title={`The key ${created.key.name}`}
      onClose={onClose}
      actions={
        <Button variant="contained" onClick={onClose}>
          I have copied it
        </Button>
      }
    >
      <div className={dialog.body}>
        <Notice severity="warning" title="It is shown only this once.">
          We keep no copy: whoever loses it needs a new one.
        </Notice>
        <div className={styles.secret}>
          <span className="mono" data-testid="secret">
            {created.secret}
          </span>
          <CopyButton value={created.secret} what="the key" />
        </div>
        <p className={dialog.after}>
          Send it with each request, as the header <span className="mono">Authorization: Bearer …</span>, and never in
          an address.
        </p>
      </div>
    </DialogBody>
  )
}

const ends = [
  { days: 90, label: 'In 90 days' },
  { days: 365, label: 'In a year' },
  { days: null, label: 'Never' },
] as const
type Days = (typeof ends)[number]['days']

const notCreated = 'The key was not created.'
const dayMs = 86_400_000
/** One a line, or with commas between. */
const entriesOf = (text: string) => text.split(/[\s,;]+/).filter((entry) => entry !== '')

function CreateKeyForm(props: {
  actor: StaffActor
  isBusy: boolean
  setIsBusy: (isBusy: boolean) => void
  onCreated: (created: CreatedKey) => void
  onClose: () => void
}) {
  const { actor, isBusy, setIsBusy, onCreated, onClose } = props
  const queries = useQueryClient()
  const isHere = useIsHere()
  const roles = keyRoles(actor)
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<readonly Scope[]>(['messages:send', 'messages:read'])
  const [kind, setKind] = useState<DeliveryMode>('live')
  const [guests, setGuests] = useState('')
  const [addresses, setAddresses] = useState('')
  const [perMinute, setPerMinute] = useState('600')
  const [role, setRole] = useState<KeyRole | undefined>(roles.at(-1))
  const [days, setDays] = useState<Days>(90)
  const [faults, setFaults] = useState<Record<string, string>>({})
  const [problem, setProblem] = useState<{ title: string; why: string } | null>(null)
  const summary = useRef<HTMLDivElement>(null)

  useEffect(() => {
    if (problem !== null) summary.current?.focus()
  }, [problem])

  const create = async () => {
    const asked = createKeyRequest.safeParse(
      {
        name,
        scopes: chosen,
        role,
        kind,
        guest_list: kind === 'guest_list' ? entriesOf(guests) : [],
        allowed_addresses: entriesOf(addresses),
        requests_per_minute: perMinute.trim() === '' ? undefined : Number(perMinute),
        expires_at: days === null ? null : new Date(Date.now() + days * dayMs).toISOString(),
      },
      { error: plainWords },
    )
    setFaults(asked.success ? {} : faultsByField(asked.error))
    if (!asked.success) return setProblem({ title: notCreated, why: 'Please check what is marked.' })
    setProblem(null)
    setIsBusy(true)
    try {
      const created = await api<CreatedKey>('/api/keys', { method: 'POST', body: asked.data })
      if (isHere.current) onCreated(created)
      else toast(`The key ${created.key.name} was created and shown to nobody: please revoke it.`)
      void queries.invalidateQueries()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      setFaults(error.fields)
      const failure = notDone(error, notCreated, 'If it stands in the list, revoke it: it was shown to nobody.')
      setProblem(failure)
      if (!isHere.current) toast(`${failure.title} ${failure.why}`, { failed: true })
    } finally {
      setIsBusy(false)
    }
  }
  /** Of a list, each entry has its own fault. */
  const faultOf = (field: string) =>
    Object.entries(faults).find(([path]) => path === field || path.startsWith(`${field}.`))?.[1]

  return (
    <DialogBody
      title="Create key"
      onClose={onClose}
      onSubmit={() => void create()}
      isLocked={isBusy}
      actions={
        <>
          <Button onClick={onClose} disabled={isBusy}>
            Cancel
          </Button>
          <BusyButton type="submit" variant="contained" isBusy={isBusy} busyWord="Creating">
            Create key
          </BusyButton>
        </>
      }
    >
      <div className={dialog.body}>
        {problem === null ? null : (
          <Notice severity="error" title={problem.title} ref={summary}>
            {problem.why} What you typed is kept.
          </Notice>
        )}
        <TextField
          label="Name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          fault={faultOf('name')}
          help="The service that uses it."
          autoComplete="off"
          readOnly={isBusy}
        />
        <fieldset>
          <legend className={styles.legend}>What it may do</legend>
          {scopes.map((scope) => (
            <label key={scope} className={styles.check}>
              <input
                type="checkbox"
                checked={chosen.includes(scope)}
                disabled={isBusy}
                onChange={(event) =>
                  setChosen(scopes.filter((one) => (one === scope ? event.target.checked : chosen.includes(one))))
                }
              />
              <span>
                {scope} <span>{scopeMeanings[scope]}</span>
              </span>
            </label>
          ))}
          {faultOf('scopes') ? <p role="alert">{faultOf('scopes')}</p> : null}
        </fieldset>
        <RadioGroup legend="To whom its mail goes" isBoxed>
          {deliveryModes.map((one) => (
            <Radio
              key={one}
              name="kind"
              label={kindWords[one].label}
              meaning={kindWords[one].meaning}
              checked={kind === one}
              onChange={() => setKind(one)}
              disabled={isBusy}
            />
          ))}
        </RadioGroup>
        {kind === 'guest_list' ? (
          <TextField
            label="Guest list"
            multiline
            minRows={2}
            maxRows={6}
            value={guests}
            onChange={(event) => setGuests(event.target.value)}
            fault={faultOf('guest_list')}
            help="Addresses, or whole domains such as @example.com, one a line."
            readOnly={isBusy}
          />
        ) : null}
        <TextField
          label="Allowed addresses"
          multiline
          minRows={1}
          maxRows={6}
          value={addresses}
          onChange={(event) => setAddresses(event.target.value)}
          fault={faultOf('allowed_addresses')}
          help="IP addresses or networks such as 203.0.113.0/24 that it works from. Empty: from anywhere."
          readOnly={isBusy}
        />
        <TextField
          label="Requests a minute"
          value={perMinute}
          onChange={(event) => setPerMinute(event.target.value)}
          fault={faultOf('requests_per_minute')}
          help="0: no limit."
          inputProps={{ inputMode: 'numeric' }}
          readOnly={isBusy}
        />
        {roles.length > 1 ? (
          <RadioGroup legend="It reaches accounts as far as">
            {roles.map((one) => (
              <Radio
                key={one}
                name="role"
                label={roleLabel(one)}
                checked={role === one}
                onChange={() => setRole(one)}
                disabled={isBusy}
              />
            ))}
          </RadioGroup>
        ) : null}
        <RadioGroup legend="It ends">
          {ends.map((end) => (
            <Radio
              key={end.label}
              name="end"
              label={end.label}
              checked={days === end.days}
              onChange={() => setDays(end.days)}
              disabled={isBusy}
            />
          ))}
        </RadioGroup>
      </div>
    </DialogBody>
  )
}
