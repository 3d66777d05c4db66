'use client'

import ButtonBase from '@mui/material/ButtonBase'
import { Search } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import styles from './jump-to.module.css'
import { useOpen } from './shortcuts'

const never = () => () => undefined
/** The server does not know whose keyboard it is. */
const useIsMac = (): boolean =>
  useSyncExternalStore(
    never,
    () => navigator.userAgent.includes('Mac'),
    () => false,
  )

/** Opens the palette of commands; `isShort`: the icon alone, for the bar of a phone. */
export function JumpTo({ isShort = false }: { isShort?: boolean }) {
  const open = useOpen()
  const isMac = useIsMac()
  return (
    <ButtonBase
      className={isShort ? styles.short : styles.button}
      aria-label="Jump to a person, a message or a place"
      title={isShort ? 'Jump to' : undefined}
      aria-haspopup="dialog"
      aria-keyshortcuts="Control+K Meta+K"
      onClick={() => open('palette')}
    >
      <Search size={isShort ? 20 : 16} aria-hidden />
      {isShort ? null : (
        <>
          <span className={styles.word}>Jump to</span>
          <kbd className={styles.onlyWide}>{isMac ? '⌘ K' : 'Ctrl K'}</kbd>
        </>
      )}
    </ButtonBase>
  )
}
