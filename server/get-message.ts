import { AppError } from '@/core/errors'
import { summarise, tell } from '@/core/sentences'
import type { MessageView } from '@/core/views'
import { findMessageStory } from '@/db/messages'
import { hiddenPart } from '@/emails/render'
import type { Context } from './context'
import { apiWords } from './words'

/** One message with its whole story. */
export async function getMessage({ db, config }: Context, id: string): Promise<MessageView> {
  const story = await findMessageStory(db, id)
  if (!story) throw new AppError('not_found', 'There is no such message.')
  const words = apiWords(config)
  return {
    ...story.item,
    ...story.more,
    hides: hiddenPart(story.item.template, story.data),
    summary: summarise(story.facts, words),
    timeline: story.events.map((event) => tell(event, words)),
  }
}
