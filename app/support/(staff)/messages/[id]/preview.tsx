import { MailPreview } from '@/app/_ui/mail-preview'
import type { MessageView } from '@/core/views'
import styles from './message.module.css'

/** The mail itself, or why this reader may not look at it. */
export function Preview({ message, refusal }: { message: MessageView; refusal: string | null }) {
  if (refusal) return <p className={styles.refusal}>{refusal}</p>
  return (
    <MailPreview
      subject={message.subject}
      hides={message.hides}
      src={(part) => `/api/messages/${message.id}/preview?part=${part}`}
    />
  )
}
