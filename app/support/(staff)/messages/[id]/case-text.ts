import { summaryOf } from '@/app/_ui/about-message'
import { exact } from '@/app/_ui/format-time'
import type { Clock } from '@/app/_ui/format-time'
import type { Words } from '@/core/sentences'
import type { MessageView } from '@/core/views'

/**
 * Everything that whoever takes over a case needs, to paste into a ticket: the link, the answer, the story with every reply, and
 * the data. No secret stands in what the API answers, so none stands here.
 */
export function caseText(message: MessageView, origin: string, words: Words, clock: Clock): string {
  const { actions: _, ...data } = message
  return [
    `${origin}/support/messages/${message.id}`,
    `${message.subject}, to ${message.to}`,
    summaryOf(message, words, clock.now),
    '',
    ...message.timeline.flatMap(({ at, sentence, detail, reply }) => [
      `${exact(at, clock.zone)}  ${sentence}${detail ? `. ${detail}` : ''}`,
      ...(reply ? [`    ${reply}`] : []),
    ]),
    '',
    JSON.stringify(data, null, 2),
  ].join('\n')
}
