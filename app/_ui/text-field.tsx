'use client'

import FormControl from '@mui/material/FormControl'
import FormHelperText from '@mui/material/FormHelperText'
import IconButton from '@mui/material/IconButton'
import InputAdornment from '@mui/material/InputAdornment'
import InputLabel from '@mui/material/InputLabel'
import OutlinedInput, { type OutlinedInputProps } from '@mui/material/OutlinedInput'
import { CircleAlert, Eye, EyeOff } from 'lucide-react'
import { useId, useState, type ReactNode } from 'react'
import styles from './text-field.module.css'

type Props = Omit<OutlinedInputProps, 'id' | 'error' | 'label'> & {
  label: string
  /** What is wrong, under the field. */
  fault?: string
  help?: ReactNode
  /** Right of the label. */
  aside?: ReactNode
}

/** A label above, the field, and under it what is wrong or what helps. */
export function TextField({ label, fault, help, aside, inputProps, ...input }: Props) {
  const id = useId()
  const noteId = `${id}-note`
  const hasNote = fault !== undefined || help !== undefined
  return (
    <FormControl fullWidth error={fault !== undefined}>
      <span className={styles.head}>
        <InputLabel htmlFor={id}>{label}</InputLabel>
        {aside}
      </span>
      <OutlinedInput
        {...input}
        id={id}
        inputProps={{ ...inputProps, 'aria-describedby': hasNote ? noteId : undefined }}
      />
      {hasNote ? (
        <FormHelperText id={noteId}>
          {fault === undefined ? (
            help
          ) : (
            <span className={styles.fault}>
              <CircleAlert size={14} aria-hidden />
              {fault}
            </span>
          )}
        </FormHelperText>
      ) : null}
    </FormControl>
  )
}

/** A password, hidden until it is asked to be shown. */
export function PasswordField(props: Props & { isShownFirst?: boolean }) {
  const { isShownFirst = false, ...field } = props
  const [isShown, setIsShown] = useState(isShownFirst)
  return (
    <TextField
      {...field}
      type={isShown ? 'text' : 'password'}
      inputProps={{ autoCapitalize: 'none', spellCheck: false, ...field.inputProps }}
      endAdornment={
        <InputAdornment position="end">
          <IconButton
            edge="end"
            aria-label={isShown ? 'Hide what is typed' : 'Show what is typed'}
            title={isShown ? 'Hide' : 'Show'}
            onClick={() => setIsShown(!isShown)}
          >
            {isShown ? <EyeOff size={16} /> : <Eye size={16} />}
          </IconButton>
        </InputAdornment>
      }
    />
  )
}
