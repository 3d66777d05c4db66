'use client'

import { FlaskConical, House, KeyRound, Mail, ScrollText, Users, type LucideIcon } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import type { ReactNode } from 'react'
import { can, type Action, type StaffActor } from '@/core/permissions'
import { AccountMenu } from './account-menu'
import styles from './frame.module.css'
import { Mark } from './mark'
import { SmtpHostProvider } from './words'

/** `needs`: shown to those who may do it. */
const places: { href: string; label: string; Icon: LucideIcon; needs?: Action }[] = [
  { href: '/support', label: 'Overview', Icon: House },
  { href: '/support/users', label: 'Users', Icon: Users },
  { href: '/support/messages', label: 'Messages', Icon: Mail },
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
  return (
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
        <Places className={styles.places} pathname={pathname} person={props.person} />
        <div className={styles.account}>
          <AccountMenu person={props.person} />
        </div>
      </header>
      <header className={styles.bar}>
        <Link href="/support" className={styles.brand} aria-label="Usual Store Support">
          <Mark />
          <b>Support</b>
        </Link>
        <AccountMenu person={props.person} isShort />
      </header>
      <main id="content" className={styles.main}>
        {props.modeSentence === null ? null : (
          <p className={styles.mode}>
            <FlaskConical size={16} aria-hidden />
            {props.modeSentence}
          </p>
        )}
        <SmtpHostProvider value={props.smtpHost}>{props.children}</SmtpHostProvider>
      </main>
      <Places className={styles.tabs} pathname={pathname} person={props.person} />
    </div>
  )
}

function Places(props: { className: string | undefined; pathname: string; person: StaffActor }) {
  const { className, pathname, person } = props
  const open = places.filter(({ needs }) => needs === undefined || can(person, needs))
  return (
    <nav aria-label="Main" className={className}>
      <ul>
        {open.map(({ href, label, Icon }) => (
          <li key={href}>
            <Link href={href} aria-current={isHere(href, pathname) ? 'page' : undefined}>
              <Icon size={16} aria-hidden />
              <span>{label}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
