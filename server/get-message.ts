import type { Actor } from '@/core/permissions'
import { summarise, tell } from '@/core/sentences'
import type { MessageView } from '@/core/views'
import { findMessageId, findMessageStory, type StoredStory } from '@/db/messages'
import { findLinkOfMessage, linkView } from '@/db/one-time-links'
import { hiddenPart } from '@/emails/render'
import type { Context } from './context'
import { messageActions } from './message-actions'
import { noSuchMessage } from './refusals'
import { apiWords } from './words'

/**
 * One message with its whole story.
 * @param asked its id, or the one that its producer gave it
 */
export async function getMessage(context: Context, actor: Actor, asked: string): Promise<MessageView> {
  const { db, config } = context
  const id = await findMessageId(db, asked)
  if (id === null) throw noSuchMessage()
  const [story, actions] = await Promise.all([findMessageStory(db, id), messageActions(context, actor, id)])
  if (!story) throw noSuchMessage()
  const { user } = story.more
  const link = user && (await findLinkOfMessage(db, { userId: user.id, messageId: id }))
  const words = apiWords(config)
  return {
    ...story.item,
    ...story.more,
    hides: hiddenPart(story.item.template, story.data),
    summary: summarise(story.facts, words),
    kafka: placeOf(story.events, config.KAFKA_TOPIC),
    actions,
    link: link && linkView(link),
    timeline: story.events.map((event) => tell(event, words)),
  }
}

function placeOf(events: StoredStory['events'], topic: string): MessageView['kafka'] {
  const last = events.findLast(({ detail }) => detail.partition !== undefined)?.detail
  return last?.partition === undefined || last.offset === undefined
    ? null
    : { topic, partition: last.partition, offset: last.offset }
}
