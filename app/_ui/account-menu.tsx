'use client'

import ButtonBase from '@mui/material/ButtonBase'
import Divider from '@mui/material/Divider'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import { useColorScheme } from '@mui/material/styles'
import { Check, ChevronsUpDown, Keyboard, LogOut, Monitor, Moon, Sun, UserRound } from 'lucide-react'
import Link from 'next/link'
import { useState } from 'react'
import { roleLabel, type Role } from '@/core/roles'
import styles from './account-menu.module.css'
import { signOut } from './auth'
import { useOpen } from './shortcuts'
import { toast } from './toast'

const schemes = [
  { mode: 'light', label: 'Light', Icon: Sun },
  { mode: 'dark', label: 'Dark', Icon: Moon },
  { mode: 'system', label: 'As the system', Icon: Monitor },
] as const

const initials = (name: string) =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word.charAt(0).toUpperCase())
    .join('')

/** Who is signed in, the colour scheme, and the way out. `isShort` shows the initials alone. */
export function AccountMenu({ person, isShort = false }: { person: { name: string; role: Role }; isShort?: boolean }) {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const { mode, setMode } = useColorScheme()
  const open = useOpen()

  const leave = () => {
    setAnchor(null)
    signOut().catch(() => toast('You are still signed in: the server could not be reached.', { failed: true }))
  }

  return (
    <>
      <ButtonBase
        className={isShort ? styles.short : styles.button}
        aria-label={`Account: ${person.name}, ${roleLabel(person.role)}`}
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={(event) => setAnchor(event.currentTarget)}
      >
        <span className={styles.initials} aria-hidden>
          {initials(person.name)}
        </span>
        {isShort ? null : (
          <span className={styles.who}>
            <span className={styles.name}>{person.name}</span>
            <span className={styles.role}>{roleLabel(person.role)}</span>
          </span>
        )}
        {isShort ? null : <ChevronsUpDown size={16} className={styles.chevrons} aria-hidden />}
      </ButtonBase>
      <Menu
        anchorEl={anchor}
        open={anchor !== null}
        onClose={() => setAnchor(null)}
        anchorOrigin={isShort ? { vertical: 'bottom', horizontal: 'right' } : { vertical: 'top', horizontal: 'left' }}
        transformOrigin={
          isShort ? { vertical: 'top', horizontal: 'right' } : { vertical: 'bottom', horizontal: 'left' }
        }
        slotProps={{ list: { 'aria-label': 'Account' } }}
      >
        <li className={styles.head} role="none">
          <span className={styles.name}>{person.name}</span>
          <span className={styles.role}>{roleLabel(person.role)}</span>
        </li>
        <Divider component="li" className={styles.divider} />
        {schemes.map(({ mode: value, label, Icon }) => (
          <MenuItem
            key={value}
            role="menuitemradio"
            aria-checked={mode === value}
            onClick={() => {
              setMode(value)
              setAnchor(null)
            }}
          >
            <Icon size={16} aria-hidden />
            {label}
            {mode === value ? <Check size={16} className={styles.chosen} aria-hidden /> : null}
          </MenuItem>
        ))}
        <Divider component="li" className={styles.divider} />
        <MenuItem component={Link} href="/support/account" onClick={() => setAnchor(null)}>
          <UserRound size={16} aria-hidden />
          My account
        </MenuItem>
        <MenuItem
          onClick={() => {
            setAnchor(null)
            open('help')
          }}
        >
          <Keyboard size={16} aria-hidden />
          Keys
        </MenuItem>
        <MenuItem onClick={leave}>
          <LogOut size={16} aria-hidden />
          Sign out
        </MenuItem>
      </Menu>
    </>
  )
}
