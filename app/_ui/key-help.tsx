'use client'

import Button from '@mui/material/Button'
import Switch from '@mui/material/Switch'
import { useId } from 'react'
import { Dialog, DialogBody } from './dialog'
import styles from './key-help.module.css'
import type { PalettePlace } from './palette'
import { turnSingleKeys, useSingleKeys } from './shortcuts'

const singleKeys: [keys: string[], does: string][] = [
  [['/'], 'Search this page'],
  [['j'], 'Next row, or next message'],
  [['k'], 'Row or message before'],
  [['Home'], 'First row'],
  [['End'], 'Last row'],
  [['?'], 'This list'],
]

/** Which keys there are, and a switch for those that are pressed alone. */
export default function KeyHelp({ places, onClose }: { places: PalettePlace[]; onClose: () => void }) {
  const isOn = useSingleKeys()
  const switchId = useId()
  const going = places.flatMap(({ key, label }): [string[], string][] => (key ? [[['g', key], `Go to ${label}`]] : []))
  return (
    <Dialog onClose={onClose}>
      <DialogBody
        title="Keys"
        onClose={onClose}
        actions={
          <Button variant="contained" onClick={onClose}>
            Close
          </Button>
        }
      >
        <Keys
          label="Always"
          keys={[
            [['Ctrl', 'K'], 'Jump to a person, a message or a place'],
            [['Enter'], 'Open the row that has the focus'],
            [['Esc'], 'Close, or clear the search'],
          ]}
        />
        <label className={styles.switch} htmlFor={switchId}>
          <span>
            Keys pressed alone
            <span className={styles.why}>Off, if they get in the way of dictating or of another tool.</span>
          </span>
          <Switch id={switchId} checked={isOn} onChange={(_, checked) => turnSingleKeys(checked)} />
        </label>
        <div data-off={!isOn} className={styles.single}>
          <Keys label="In lists and on pages" keys={[...singleKeys, ...going]} />
        </div>
      </DialogBody>
    </Dialog>
  )
}

function Keys({ label, keys }: { label: string; keys: [keys: string[], does: string][] }) {
  return (
    <dl aria-label={label} className={styles.keys}>
      {keys.map(([pressed, does]) => (
        <div key={does}>
          <dt>
            {pressed.map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
  )
}
