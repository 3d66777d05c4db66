import type { MessageListItem } from './views'

/** A message as the live feed tells it: as in a list, and whose it is. */
export type LiveMessage = MessageListItem & { user_id: number | null }

/** What the live feed tells, to everybody who listens alike. */
export type LiveEvent =
  /** From now on every change is told. What was read before may be out of date. */
  | { event: 'here'; data: Record<string, never> }
  /** These have changed, or are new; each as it is now. */
  | { event: 'messages'; data: { messages: LiveMessage[] } }
  /** The log of who did what has grown; `users`: the accounts that were dealt with. */
  | { event: 'audit'; data: { users: number[] } }
  /** Sending was paused, slowed down or begun again. */
  | { event: 'delivery'; data: Record<string, never> }
  /** More has changed than is told one by one. */
  | { event: 'reload'; data: Record<string, never> }
  /** The database does not answer: changes are not seen until the next `here`. */
  | { event: 'away'; data: Record<string, never> }

/** One event as `text/event-stream` has it (WHATWG HTML, server-sent events). JSON has no line break of its own. */
export const toEventText = ({ event, data }: LiveEvent): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/** A line that says nothing: a sign of life. */
export const heartbeatText = ': here\n\n'

/** Reads what `toEventText` and `heartbeatText` made, in whatever pieces it arrives. */
export function eventReader(): (text: string) => LiveEvent[] {
  let rest = ''
  return (text) => {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop() ?? ''
    return blocks.flatMap((block) => {
      const read = /^event: (\w+)\ndata: (.*)$/.exec(block)
      return read ? [{ event: read[1], data: JSON.parse(read[2] ?? '') as unknown } as LiveEvent] : []
    })
  }
}
