'use client'

import { ChevronRight } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { useEffect, useRef, type ReactNode } from 'react'
import styles from './page-head.module.css'

type Crumb = { href?: string; label: string; isId?: boolean }

/** The one h1 of a page, what stands beside it, and right of it: Live, then actions. */
export function PageHead(props: {
  title: string
  beside?: ReactNode
  below?: ReactNode
  right?: ReactNode
  crumbs?: [Crumb, Crumb]
}) {
  const heading = useFocusAfterNavigation()
  return (
    <div className={styles.head}>
      {props.crumbs ? <Breadcrumbs crumbs={props.crumbs} /> : null}
      <div className={styles.row}>
        <div className={styles.title}>
          <h1 ref={heading} tabIndex={-1}>
            {props.title}
          </h1>
          {props.beside}
        </div>
        {props.right ? <div className={styles.right}>{props.right}</div> : null}
      </div>
      {props.below ? <div className={styles.below}>{props.below}</div> : null}
    </div>
  )
}

/** The page whose heading was shown last; none yet when the document has just been loaded. */
let shownPath: string | null = null

/** After a change of page a screen reader begins at its heading, and the keyboard goes on from there. */
function useFocusAfterNavigation() {
  const heading = useRef<HTMLHeadingElement>(null)
  const pathname = usePathname()
  useEffect(() => {
    if (shownPath !== null && shownPath !== pathname) heading.current?.focus({ preventScroll: true })
    shownPath = pathname
  }, [pathname])
  return heading
}

function Breadcrumbs({ crumbs }: { crumbs: [Crumb, Crumb] }) {
  return (
    <nav aria-label="Breadcrumbs">
      <ol className={styles.crumbs}>
        {crumbs.map(({ href, label, isId }) => (
          <li key={label}>
            {href ? (
              <>
                <Link href={href}>{label}</Link>
                <ChevronRight size={13} aria-hidden />
              </>
            ) : (
              <span aria-current="page" className={isId ? 'mono' : undefined}>
                {label}
              </span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  )
}
