import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { followLive, pause } from './live-line'

type Listen = (event: { data: unknown }) => void

/** As in a browser, one reaches all others of its name; but at once, so that a test need not wait. */
class Channel {
  static all = new Set<Channel>()
  private listeners: Listen[] = []
  constructor(readonly name: string) {
    Channel.all.add(this)
  }
  addEventListener(_: string, listen: Listen) {
    this.listeners.push(listen)
  }
  postMessage(data: unknown) {
    this.tell(data)
  }
  tell(data: unknown) {
    for (const other of Channel.all) {
      if (other !== this && other.name === this.name) for (const listen of other.listeners) listen({ data })
    }
  }
  close() {
    Channel.all.delete(this)
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('BroadcastChannel', Channel)
  // Another tab has the lock.
  vi.stubGlobal('navigator', { locks: { request: () => new Promise(() => {}) } })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  Channel.all.clear()
})

it('a tab that heard nothing for a while asks what is true as soon as there is a sign of life', () => {
  const speaker = new Channel('usual-store.live')
  const here = { event: 'here', data: {} }
  speaker.addEventListener('message', ({ data }) => {
    const { who } = data as { who?: string }
    if (who !== undefined) speaker.tell({ event: here, to: who })
  })
  const heard: string[] = []
  const end = followLive(({ event }) => heard.push(event))
  expect(heard).toEqual(['here'])
  vi.advanceTimersByTime(60_000)
  expect(heard).toEqual(['here', 'away'])
  speaker.tell({ event: null })
  expect(heard).toEqual(['here', 'away', 'here'])
  // Asked once, not at each beat.
  speaker.tell({ event: null })
  expect(heard).toHaveLength(3)
  end()
})

it('a pause leaves nothing behind on the signal of the page, and ends with it', async () => {
  const page = new AbortController()
  const paused = pause(1_000, page.signal)
  vi.advanceTimersByTime(1_000)
  await paused
  expect(getEventListeners(page.signal, 'abort')).toHaveLength(0)
  const left = pause(1_000, page.signal)
  page.abort()
  await left
})
