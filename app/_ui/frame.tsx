'use client'

import { House, Mail, Users } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import type { ReactNode } from 'react'
import type { Role } from '@/core/roles'
import { AccountMenu } from './account-menu'
import styles from './frame.module.css'
import { Mark } from './mark'
import { SmtpHostProvider } from './words'

const places = [
  { href: '/support', label: 'Overview', Icon: House },
  { href: '/support/users', label: 'Users', Icon: Users },
  { href: '/support/messages', label: 'Messages', Icon: Mail },
]

const isHere = (href: string, pathname: string) =>
  href === '/support' ? pathname === href : pathname === href || pathname.startsWith(`${href}/`)

/** What stands around every page of the staff: the rail (a bar and tabs on a phone), and who is signed in. */
export function Frame(props: { person: { name: string; role: Role }; smtpHost: string; children: ReactNode }) {
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
        <Places className={styles.places} pathname={pathname} />
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
        <SmtpHostProvider value={props.smtpHost}>{props.children}</SmtpHostProvider>
      </main>
      <Places className={styles.tabs} pathname={pathname} />
    </div>
  )
}

function Places({ className, pathname }: { className: string | undefined; pathname: string }) {
  return (
    <nav aria-label="Main" className={className}>
      <ul>
        {places.map(({ href, label, Icon }) => (
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
