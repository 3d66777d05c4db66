import { useId, type ComponentProps, type ReactNode } from 'react'
import styles from './radio.module.css'

/** One choice; its meaning beside it describes it, and is not part of its name. */
export function Radio({ label, meaning, ...input }: ComponentProps<'input'> & { label: string; meaning?: ReactNode }) {
  const id = useId()
  return (
    <label className={styles.option}>
      <input
        {...input}
        type="radio"
        className={styles.radio}
        aria-labelledby={`${id}-label`}
        aria-describedby={meaning ? `${id}-meaning` : undefined}
      />
      <span className={styles.words}>
        <span id={`${id}-label`} className={meaning ? styles.label : undefined}>
          {label}
        </span>
        {meaning ? (
          <span id={`${id}-meaning`} className={styles.meaning}>
            {meaning}
          </span>
        ) : null}
      </span>
    </label>
  )
}

/** Choices of which one holds. `isBoxed`: one below the other in a box, else side by side. */
export function RadioGroup(props: { legend: string; isBoxed?: boolean; children: ReactNode }) {
  return (
    <fieldset>
      <legend className={styles.legend}>{props.legend}</legend>
      <div className={props.isBoxed ? styles.box : styles.row}>{props.children}</div>
    </fieldset>
  )
}
