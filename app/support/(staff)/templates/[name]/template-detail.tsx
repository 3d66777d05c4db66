'use client'

import { useState } from 'react'
import { notDone, type ApiError } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { Facts } from '@/app/_ui/facts'
import { MailPreview } from '@/app/_ui/mail-preview'
import { Notice } from '@/app/_ui/notice'
import { PageHead } from '@/app/_ui/page-head'
import page from '@/app/_ui/reading-page.module.css'
import { toast } from '@/app/_ui/toast'
import { useUrlState } from '@/app/_ui/url-state'
import { useCall } from '@/app/_ui/use-call'
import { useOnce } from '@/app/_ui/use-once'
import type { TemplateView } from '@/core/views'
import { templatePreview, templateTitle } from '../template-words'
import { SampleForm, type Sample } from './sample-form'
import { SentTest } from './sent-test'
import styles from './template.module.css'
import { useFollowing } from './use-following'

/** One kind of mail: how it looks, with data to play with, and how it arrives: as a test to oneself. */
export function TemplateDetail({ template, ownAddress }: { template: TemplateView; ownAddress: string }) {
  const { name } = template
  const { parameters, change } = useUrlState()
  const sample = template.samples.find(({ role }) => role === parameters.get('role')) ?? template.samples[0]
  if (!sample) throw new Error(`The template ${name} has no sample`)
  const [typed, setTyped] = useState<Sample>(sample.data)
  const { shown, refused } = useFollowing(name, { data: sample.data, subject: sample.subject }, typed)
  const { call, isBusy, refused: notSent } = useCall()
  const once = useOnce()

  const type = (field: string, value: string | null) => {
    const role = template.samples.find((one) => field === 'role' && one.role === value)
    if (!role) return setTyped({ ...typed, [field]: value })
    // What was typed stays; what was not is as that role gets it.
    const entries = Object.entries(typed).map(([key, old]) => [
      key,
      old === sample.data[key] ? (role.data[key] ?? null) : old,
    ])
    setTyped({ ...(Object.fromEntries(entries) as Sample), role: value })
    change({ role: value }, 'replace')
  }
  const send = () =>
    call(async () => {
      const { id, message } = await once<{ id: string; message: string }>(`/api/templates/${name}/test`, {
        method: 'POST',
        body: { data: typed },
      })
      toast(message, { link: { href: `/support/messages/${id}`, label: 'Open it' } })
      change({ test: id }, 'replace')
    })
  const test = parameters.get('test')

  return (
    <div className={page.page}>
      <PageHead
        crumbs={[{ href: '/support/templates', label: 'Templates' }, { label: templateTitle(name) }]}
        title={templateTitle(name)}
        below={template.about}
        right={
          <BusyButton variant="contained" isBusy={isBusy} busyWord="Sending" onClick={() => void send()}>
            Send a test to me
          </BusyButton>
        }
      />
      {notSent ? <NotSent error={notSent} /> : null}
      <div className={styles.columns}>
        <section aria-label="Preview">
          <MailPreview subject={shown.subject} hides={null} src={(part) => templatePreview(name, part, shown.data)} />
        </section>
        <div className={page.side}>
          {test ? <SentTest key={test} id={test} /> : null}
          <section aria-labelledby="sample-data" className={page.section}>
            <h2 id="sample-data">Sample data</h2>
            <SampleForm fields={template.fields} values={typed} faults={faultsOf(refused)} onType={type} />
            {refused && Object.keys(refused.fields).length === 0 ? (
              <Notice severity="error" title="The preview shows what was typed before.">
                {refused.message}
              </Notice>
            ) : null}
          </section>
          <section aria-labelledby="details" className={page.section}>
            <h2 id="details">Details</h2>
            <Facts
              facts={[
                { name: 'From', value: template.from },
                { name: 'Subject', value: shown.subject },
                { name: 'A test goes to', value: `${ownAddress}, and to nobody else` },
                { name: 'Name in the API', value: <span className="mono">{name}</span> },
              ]}
            />
          </section>
        </div>
      </div>
    </div>
  )
}

/** Field → what is wrong with it. */
const faultsOf = (refused: ApiError | null): Record<string, string> =>
  Object.fromEntries(Object.entries(refused?.fields ?? {}).map(([name, fault]) => [name.replace(/^data\./, ''), fault]))

function NotSent({ error }: { error: ApiError }) {
  const { title, why } = notDone(error, 'The test was not sent.')
  return (
    <Notice severity={error.status === 0 ? 'warning' : 'error'} title={title}>
      {why} What you typed is kept.
    </Notice>
  )
}
