import type { ComponentProps } from 'react'
import styles from './aside-button.module.css'

/** Beside the label of a field: another way to fill it. */
export const AsideButton = (props: Omit<ComponentProps<'button'>, 'type' | 'className'>) => (
  <button type="button" className={styles.button} {...props} />
)
