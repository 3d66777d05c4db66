'use client'

import type { ComponentProps } from 'react'
import { AsideButton } from '@/app/_ui/aside-button'
import { PasswordStrength } from '@/app/_ui/password-strength'
import { PasswordField } from '@/app/_ui/text-field'
import { generatePassword } from './generate-password'

type Field = Omit<ComponentProps<typeof PasswordField>, 'autoComplete' | 'help' | 'aside'>

/** A first password that staff choose, typed or generated, with how strong it is. */
export default function FirstPassword(props: {
  field: Field & { value: string }
  person: ComponentProps<typeof PasswordStrength>['person']
  isBusy: boolean
  onGenerated: (password: string) => void
  /** It could not be loaded. */
  onClose: () => void
}) {
  const { field, person, isBusy, onGenerated } = props
  return (
    <PasswordField
      {...field}
      autoComplete="new-password"
      help={
        <>
          The welcome mail carries it. They must change it at their first sign-in, within 72 hours.
          <PasswordStrength password={field.value} person={person} />
        </>
      }
      aside={
        <AsideButton
          disabled={isBusy}
          onClick={() => onGenerated(generatePassword((count) => crypto.getRandomValues(new Uint8Array(count))))}
        >
          Generate
        </AsideButton>
      }
    />
  )
}
