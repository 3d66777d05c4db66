'use client'

import Checkbox from '@mui/material/Checkbox'
import FormControlLabel from '@mui/material/FormControlLabel'
import { useState, type SubmitEvent } from 'react'
import { api, notDone } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { Notice } from '@/app/_ui/notice'
import page from '@/app/_ui/reading-page.module.css'
import { toast } from '@/app/_ui/toast'
import { useCall } from '@/app/_ui/use-call'
import type { SecondFactorSetting } from '@/core/second-factor-requests'
import { roleLabel } from '@/core/roles'
import styles from './account.module.css'

const staffRoles = ['supporter', 'admin', 'super_admin'] as const

/** For super_admins: which roles must have a second factor. */
export function RequiredFactor({ first }: { first: SecondFactorSetting }) {
  const [setting, setSetting] = useState(first)
  const { call, isBusy, refused } = useCall()

  const problem = refused === null ? null : notDone(refused, 'This was not saved.')

  const save = async () => {
    await api('/api/settings/second-factor', { method: 'PUT', body: setting })
    toast('Saved.')
  }

  return (
    <section className={page.section} aria-labelledby="required">
      <h2 id="required">For all staff: who must have a second factor</h2>
      <p className={styles.note}>
        Whoever has such a role and no second factor can only add one, from their next click on. You too.
      </p>
      <form
        noValidate
        className={styles.form}
        onSubmit={(event: SubmitEvent) => {
          event.preventDefault()
          if (!isBusy) void call(save)
        }}
      >
        {problem ? (
          <Notice severity="error" title={problem.title}>
            {problem.why}
          </Notice>
        ) : null}
        <div>
          {staffRoles.map((role) => (
            <div key={role}>
              <FormControlLabel
                label={roleLabel(role)}
                control={
                  <Checkbox
                    checked={setting[role]}
                    onChange={(event) => setSetting({ ...setting, [role]: event.target.checked })}
                  />
                }
              />
            </div>
          ))}
        </div>
        <BusyButton type="submit" isBusy={isBusy} busyWord="Saving">
          Save
        </BusyButton>
      </form>
    </section>
  )
}
