import Link from 'next/link'
import { summaryOf } from '@/app/_ui/about-message'
import { useTickingNow } from '@/app/_ui/clock'
import page from '@/app/_ui/reading-page.module.css'
import { shownStatus } from '@/app/_ui/status'
import { StatusChip } from '@/app/_ui/status-chip'
import { usePolled } from '@/app/_ui/use-polled'
import { useWords } from '@/app/_ui/words'
import { isFinal } from '@/core/message'
import type { MessageView } from '@/core/views'
import styles from './template.module.css'

const pollMs = 500

/** Where the test is that was sent last, until it can change no more. */
export function SentTest({ id }: { id: string }) {
  const { data, error } = usePolled<{ message: MessageView }>({
    path: `/api/messages/${encodeURIComponent(id)}`,
    everyMs: (answer) => (answer && isFinal(answer.message.status) ? false : pollMs),
  })
  const message = data?.message
  const { words } = useWords()
  const now = useTickingNow(message !== undefined && !isFinal(message.status))
  return (
    <section aria-labelledby="your-test" className={page.section}>
      <h2 id="your-test">Your test</h2>
      <div className={`${page.box} ${styles.sent}`}>
        {message ? (
          <>
            <StatusChip status={shownStatus(message)} />
            <Link href={`/support/messages/${id}`} className="link">
              Open the mail
            </Link>
            <p aria-live="polite">{summaryOf(message, words, now)}</p>
          </>
        ) : (
          <p>
            {error ? `Where it is could not be read. ${error.message}` : 'It is saved. From here on it is never lost.'}
          </p>
        )}
      </div>
    </section>
  )
}
