'use client'

import ButtonBase from '@mui/material/ButtonBase'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import {
  Ellipsis,
  FlaskConical,
  House,
  KeyRound,
  LayoutTemplate,
  Mail,
  ScrollText,
  Users,
  type LucideIcon,
} from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useMemo, useState, type ReactNode } from 'react'
import { can, type Action, type StaffActor } from '@/core/permissions'
import { AccountMenu } from './account-menu'
import styles from './frame.module.css'
import { JumpTo } from './jump-to'
import { Mark } from './mark'
import type { PalettePlace } from './palette'
import { SessionEnded } from './session-ended'
import { Shortcuts } from './shortcuts'
import { SmtpHostProvider } from './words'

/** `needs`: shown to those who may do it. */
type Place = PalettePlace & { Icon: LucideIcon; needs?: Action }

const places: Place[] = [
  { href: '/support', label: 'Overview', key: 'o', Icon: House },
  { href: '/support/users', label: 'Users', key: 'u', Icon: Users },
  { href: '/support/messages', label: 'Messages', key: 'm', Icon: Mail },
  { href: '/support/templates', label: 'Templates', key: 't', Icon: LayoutTemplate },
  { href: '/support/api-keys', label: 'API keys', Icon: KeyRound, needs: 'key.list' },
  { href: '/support/audit', label: 'Audit', Icon: ScrollText, needs: 'audit.read' },
]

const isHere = (href: string, pathname: string) =>
  href === '/support' ? pathname === href : pathname === href || pathname.startsWith(`${href}/`)

/** What stands around every page of the staff: the rail (a bar and tabs on a phone), and who is signed in. */
export function Frame(props: {
  person: StaffActor
  smtpHost: string
  /** Said on every page while the installation is not live. */
  modeSentence: string | null
  children: ReactNode
}) {
  const pathname = usePathname()
  const { person } = props
  const open = useMemo(() => places.filter(({ needs }) => needs === undefined || can(person, needs)), [person])
  const jumps = useMemo(() => [...open, { href: '/support/account', label: 'My account' }], [open])
  return (
    <Shortcuts places={jumps}>
      <div className={styles.frame}>
        <a href="#content" className={styles.skip}>
          Skip to content
        </a>
        <header className={styles.rail}>
          <Link href="/support" className={styles.brand} aria-label="Usual Store Support">
            <Mark />
            <span className={styles.brandName}>
              <b>Usual Store</b> Support
            </span>
          </Link>
          <JumpTo />
          <nav aria-label="Main" className={styles.places}>
            <ul>
              {open.map((place) => (
                <PlaceLink key={place.href} place={place} pathname={pathname} />
              ))}
            </ul>
          </nav>
          <div className={styles.account}>
            <AccountMenu person={props.person} />
          </div>
        </header>
        <header className={styles.bar}>
          <Link href="/support" className={styles.brand} aria-label="Usual Store Support">
            <Mark />
            <b>Support</b>
          </Link>
          <span className={styles.ends}>
            <JumpTo isShort />
            <AccountMenu person={props.person} isShort />
          </span>
        </header>
        <main id="content" className={styles.main}>
          <SessionEnded />
          {props.modeSentence === null ? null : (
            <p className={styles.mode}>
              <FlaskConical size={16} aria-hidden />
              {props.modeSentence}
            </p>
          )}
          <SmtpHostProvider value={props.smtpHost}>{props.children}</SmtpHostProvider>
        </main>
        <Tabs places={open} pathname={pathname} />
      </div>
    </Shortcuts>
  )
}

function PlaceLink({ place: { href, label, Icon }, pathname }: { place: Place; pathname: string }) {
  return (
    <li>
      <Link href={href} aria-current={isHere(href, pathname) ? 'page' : undefined}>
        <Icon size={16} aria-hidden />
        <span>{label}</span>
      </Link>
    </li>
  )
}

/** As many as a thumb can tell apart. */
const mostTabs = 5

/** The places at the foot of a phone; what has no room there stands under More. */
function Tabs({ places: open, pathname }: { places: Place[]; pathname: string }) {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const shown = open.length > mostTabs ? open.slice(0, mostTabs - 1) : open
  const more = open.slice(shown.length)
  const isMoreHere = more.some(({ href }) => isHere(href, pathname))
  return (
    <nav aria-label="Main" className={styles.tabs}>
      <ul>
        {shown.map((place) => (
          <PlaceLink key={place.href} place={place} pathname={pathname} />
        ))}
        {more.length > 0 ? (
          <li>
            <ButtonBase
              className={styles.more}
              data-here={isMoreHere}
              aria-haspopup="menu"
              aria-expanded={anchor !== null}
              onClick={(event) => setAnchor(event.currentTarget)}
            >
              <Ellipsis size={16} aria-hidden />
              <span>More</span>
            </ButtonBase>
          </li>
        ) : null}
      </ul>
      <Menu
        anchorEl={anchor}
        open={anchor !== null}
        onClose={() => setAnchor(null)}
        anchorOrigin={{ vertical: 'top', horizontal: 'right' }}
        transformOrigin={{ vertical: 'bottom', horizontal: 'right' }}
        slotProps={{ list: { 'aria-label': 'More' } }}
      >
        {more.map(({ href, label, Icon }) => (
          <MenuItem
            key={href}
            component={Link}
            href={href}
            aria-current={isHere(href, pathname) ? 'page' : undefined}
            onClick={() => setAnchor(null)}
          >
            <Icon size={16} aria-hidden />
            {label}
          </MenuItem>
        ))}
      </Menu>
    </nav>
  )
}
