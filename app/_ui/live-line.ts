import { eventReader, type LiveEvent } from '@/core/live'

type Hear = (event: LiveEvent) => void
/** `beat`: called whenever anything comes, a mere sign of life too. */
type Ears = { hear: Hear; beat: () => void }

const away: LiveEvent = { event: 'away', data: {} }

/** The server gives a sign of life every 2.5 s: after this the line is dead, whatever it looks like. */
const silentMs = 8_000
const longestPauseMs = 30_000

/** How long to wait before the next try, after so many that failed: not all browsers come back in the same moment. */
export const pauseMs = (failures: number, random: number): number =>
  Math.min(longestPauseMs, 1_000 * 2 ** failures) * (0.5 + random / 2)

/**
 * Tells what changes, for as long as the page lives: `here` and `away` say whether it does.
 *
 * HTTP/1.1 lets a browser hold six connections to a server, so all tabs share one: whoever has the lock listens, and passes on
 * what it hears. Where there are no locks (plain HTTP), each tab that can be seen has a line of its own.
 * @returns ends it
 */
export function followLive(hear: Hear): () => void {
  const stop = new AbortController()
  if ('locks' in navigator) share(hear, stop.signal)
  else followWhileSeen(hear, stop.signal)
  return () => stop.abort()
}

const name = 'usual-store.live'
type Said = { who: string } | { event: LiveEvent | null; to?: string }

function share(hear: Hear, signal: AbortSignal): void {
  const channel = new BroadcastChannel(name)
  const me = crypto.randomUUID()
  let isSpeaker = false
  /** Null: the line has not stood yet, and was not lost either. */
  let state: LiveEvent | null = null
  const say = (said: Said) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has none: it is of this origin alone
    if (!signal.aborted) channel.postMessage(said)
  }
  /** Said `away` by itself, because nothing came: what the line is really like must be asked. */
  let isSilent = false
  const silence = watch(() => {
    isSilent = true
    hear(away)
  })

  channel.addEventListener('message', ({ data }: MessageEvent<Said>) => {
    if ('who' in data) {
      if (isSpeaker && state) say({ event: state, to: data.who })
      return
    }
    if (isSpeaker || (data.to !== undefined && data.to !== me)) return
    silence.begin()
    if (isSilent) {
      isSilent = false
      say({ who: me })
    }
    if (data.event) hear(data.event)
  })
  signal.addEventListener('abort', () => {
    silence.end()
    channel.close()
  })

  const speak = async () => {
    isSpeaker = true
    silence.end()
    await keepLine(
      {
        hear(event) {
          if (event.event === 'here' || event.event === 'away') state = event
          say({ event })
          hear(event)
        },
        beat: () => say({ event: null }),
      },
      signal,
    )
  }
  void navigator.locks.request(name, { signal }, speak).catch((error: unknown) => {
    // The page was left while it waited for the lock.
    if (!signal.aborted) throw error
  })
  silence.begin()
  say({ who: me })
}

function followWhileSeen(hear: Hear, signal: AbortSignal): void {
  let line: AbortController | null = null
  const look = () => {
    if (document.visibilityState === 'hidden') {
      line?.abort()
      line = null
    } else if (!line) {
      line = new AbortController()
      void keepLine({ hear, beat: () => {} }, AbortSignal.any([signal, line.signal]))
    }
  }
  document.addEventListener('visibilitychange', look, { signal })
  look()
}

/** Calls back when `begin` was not called again for too long. */
function watch(onSilence: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined
  const end = () => clearTimeout(timer)
  return {
    end,
    begin() {
      end()
      timer = setTimeout(onSilence, silentMs)
    },
  }
}

/** Listens, and begins anew whenever the line is lost. */
async function keepLine(ears: Ears, signal: AbortSignal): Promise<void> {
  let failures = 0
  for (;;) {
    const hasHeard = await listen(ears, signal)
    if (signal.aborted) return
    ears.hear(away)
    failures = hasHeard ? 0 : failures + 1
    await pause(pauseMs(failures, Math.random()), signal)
    if (signal.aborted) return
  }
}

/** Until the line is lost. By `fetch`, not by EventSource: that one could not say that nobody touches this page. */
async function listen({ hear, beat }: Ears, signal: AbortSignal): Promise<boolean> {
  const lost = new AbortController()
  const silence = watch(() => lost.abort())
  let hasHeard = false
  try {
    silence.begin()
    const response = await fetch('/api/live', {
      headers: { Accept: 'text/event-stream', 'X-Poll': '1' },
      cache: 'no-store',
      signal: AbortSignal.any([signal, lost.signal]),
    })
    if (!response.ok || !response.body) return false
    const read = eventReader()
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return hasHeard
      silence.begin()
      beat()
      for (const event of read(value)) {
        hasHeard = true
        hear(event)
      }
    }
  } catch {
    // Lost, or left: whoever keeps the line sees which.
    return hasHeard
  } finally {
    silence.end()
  }
}

/** Until the time has passed, or the page is left. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      // The page lives long, and a line is lost often.
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end, { once: true })
  })
}
