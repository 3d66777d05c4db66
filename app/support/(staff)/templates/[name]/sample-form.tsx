import { Radio, RadioGroup } from '@/app/_ui/radio'
import { TextField } from '@/app/_ui/text-field'
import type { TemplateField } from '@/core/views'
import { choiceLabel } from '../template-words'
import styles from './template.module.css'

export type Sample = Record<string, string | null>

/** What a template is made from, field by field. */
export function SampleForm(props: {
  fields: TemplateField[]
  values: Sample
  faults: Record<string, string>
  onType: (field: string, value: string | null) => void
}) {
  const { fields, values, faults, onType } = props
  return (
    <div className={styles.form}>
      {fields.map((field) => {
        const { name, label, kind, options } = field
        const value = values[name] ?? ''
        if (kind === 'choice') {
          return (
            <RadioGroup key={name} legend={label}>
              {options.map((option) => (
                <Radio
                  key={option}
                  name={name}
                  label={choiceLabel(option)}
                  checked={value === option}
                  onChange={() => onType(name, option)}
                />
              ))}
            </RadioGroup>
          )
        }
        return (
          <TextField
            key={name}
            name={name}
            label={label}
            value={value}
            autoComplete="off"
            fault={faults[name]}
            help={field.is_optional ? 'May be left empty.' : undefined}
            {...(kind === 'lines' && { multiline: true, minRows: 6 })}
            onChange={({ target }) => onType(name, target.value === '' && field.is_optional ? null : target.value)}
          />
        )
      })}
    </div>
  )
}
