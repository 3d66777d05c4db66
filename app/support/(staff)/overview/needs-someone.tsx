import { ChevronRight, CirclePause, MailX, CircleQuestionMark, Users, type LucideIcon } from 'lucide-react'
import Link from 'next/link'
import page from '@/app/_ui/reading-page.module.css'
import type { DeadReason } from '@/core/message'
import type { NeedsView } from '@/core/pipeline'
import { causeSentence, knownCause } from '@/core/smtp-failure'
import styles from './overview.module.css'

type Need = {
  key: string
  Icon: LucideIcon
  tone: 'stop' | 'unsure' | 'wait'
  title: string
  detail: string
  href: string
}

const many = (count: number) => (count >= 1_000 ? 'Many' : String(count))

/** What somebody has to see to, each with where to go; or that there is nothing. */
export function NeedsSomeone({ needs, held }: { needs: NeedsView; held: number }) {
  const all = needsOf(needs, held)
  return (
    <section aria-labelledby="needs" className={page.section}>
      <h2 id="needs">Needs someone</h2>
      {all.length === 0 ? (
        <p className="quiet">Nothing. No mail of the last week was given up, or it was sent again since.</p>
      ) : (
        <ul className={styles.needs}>
          {all.map(({ key, Icon, tone, title, detail, href }) => (
            <li key={key} data-tone={tone}>
              <Link href={href}>
                <Icon size={16} aria-hidden />
                <span>
                  <b>{title}</b>
                  {detail}
                </span>
                <ChevronRight size={16} aria-hidden />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

/** The commonest causes, and how many there are besides. */
function causesWords(dead: number, causes: NeedsView['dead_causes']): string {
  const others = dead - causes.reduce((sum, { count }) => sum + count, 0)
  const told = causes.map(({ cause, count }) => `${many(count)}: ${causeWords(cause)}`)
  return [...told, ...(others > 0 ? [`${many(others)}: for another reason`] : [])].join('; ')
}

function needsOf({ dead, dead_causes: causes, in_doubt: inDoubt, absent }: NeedsView, held: number): Need[] {
  const needs: (Need | null)[] = [
    dead > 0
      ? {
          key: 'dead',
          Icon: MailX,
          tone: 'stop',
          title: dead === 1 ? '1 mail was given up' : `${many(dead)} mails were given up`,
          detail: causesWords(dead, causes),
          href: '/support/messages?status=dead',
        }
      : null,
    inDoubt > 0
      ? {
          key: 'doubt',
          Icon: CircleQuestionMark,
          tone: 'unsure',
          title: inDoubt === 1 ? '1 mail may have been delivered' : `${many(inDoubt)} mails may have been delivered`,
          detail: 'The line broke before the reply came',
          href: '/support/messages?status=may_have_been_delivered',
        }
      : null,
    held > 0
      ? {
          key: 'held',
          Icon: CirclePause,
          tone: 'wait',
          title: held === 1 ? '1 mail is held' : `${many(held)} mails are held`,
          detail: 'It waits until staff release it',
          href: '/support/messages?delivery=held',
        }
      : null,
    absent > 0
      ? {
          key: 'absent',
          Icon: Users,
          tone: 'wait',
          title: absent === 1 ? '1 person never came in' : `${many(absent)} people never came in`,
          detail: 'Their mail was accepted more than two days ago',
          href: '/support/users?status=invited',
        }
      : null,
  ]
  return needs.filter((need) => need !== null)
}

/** What was given up without a word of a mail server. */
const reasonWords: Partial<Record<string, string>> = {
  expired: 'it was too old to be sent',
  not_rendered: 'its template could not be filled',
  tries_used_up: 'all tries failed',
  refused: 'it was refused',
} satisfies Partial<Record<DeadReason, string>>

function causeWords(cause: string | null): string {
  const known = knownCause(cause)
  if (!known) return (cause && reasonWords[cause]) ?? 'for another reason'
  const sentence = causeSentence(known)
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}
