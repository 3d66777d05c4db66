'use client'

import { Facts } from '@/app/_ui/facts'
import { PageHead } from '@/app/_ui/page-head'
import page from '@/app/_ui/reading-page.module.css'
import type { StaffActor } from '@/core/permissions'
import type { SecondFactorSetting } from '@/core/second-factor-requests'
import { roleLabel } from '@/core/roles'
import type { SecondFactorView, SessionView } from '@/core/views'
import { ChangePassword } from './change-password'
import { RequiredFactor } from './required-factor'
import { SecondFactor } from './second-factor'
import { Sessions } from './sessions'

/** One's own account: how one signs in, and where one is signed in. `required` is there for who may change it. */
export function Account(props: {
  actor: StaffActor
  first: { sessions: SessionView[]; factor: SecondFactorView }
  required: SecondFactorSetting | null
}) {
  const { actor, first, required } = props
  return (
    <div className={page.page}>
      <PageHead title="My account" />
      <div className={page.columns}>
        <div className={page.main}>
          <Sessions first={first.sessions} />
          <SecondFactor first={first.factor} />
          <ChangePassword email={actor.email} />
          {required ? <RequiredFactor first={required} /> : null}
        </div>
        <aside className={page.side} aria-labelledby="who">
          <section className={page.section}>
            <h2 id="who">Who you are</h2>
            <Facts
              facts={[
                { name: 'Name', value: actor.name },
                { name: 'Address', value: actor.email },
                { name: 'Role', value: roleLabel(actor.role) },
              ]}
            />
          </section>
        </aside>
      </div>
    </div>
  )
}
