import { describe, expect, test, vi } from 'vitest'
import type { Held, HoldRequest, Ring } from '@/db/hold'
import { NotTaken } from '@/kafka/consume'
import { createLog } from '@/runtime/log'
import { Intake } from './intake'
import { sampleHeld } from './testing'

const ring = (number: number, attempt = 1): Ring => ({ messageId: `m${number}`, attempt, partition: 0, offset: number })
const rings = (count: number) => Array.from({ length: count }, (_, number) => ring(number))

const held = (one: Ring): Held => ({ ...sampleHeld, hold: `hold of ${one.messageId}`, ...one })

/** How long a condition may take on a busy machine. */
const soon = { interval: 1, timeout: 10_000 }

type Pending<Input, Output> = { input: Input; resolve: (output: Output) => void; reject: (error: Error) => void }

/** A call that the test answers itself, when it wants to. */
function byHand<Input, Output>() {
  const pending: Pending<Input, Output>[] = []
  const calls: Input[] = []
  const call = (input: Input) =>
    new Promise<Output>((resolve, reject) => {
      calls.push(input)
      pending.push({ input, resolve, reject })
    })
  const next = async () => {
    await expect.poll(() => pending.length, soon).toBeGreaterThan(0)
    const first = pending.shift()
    if (!first) throw new Error('Nothing was asked')
    return first
  }
  return { calls, pending, call, next }
}

function open(slots: number) {
  const hold = byHand<readonly HoldRequest[], Held[]>()
  const deliver = byHand<Held, void>()
  const known = vi.fn<(ids: readonly string[]) => Promise<Set<string>>>((ids) => Promise.resolve(new Set(ids)))
  const intake = new Intake({
    allowed: () => slots,
    hold: hold.call,
    known,
    deliver: deliver.call,
    log: createLog('test', 'silent'),
  })
  const holdAll = async () => {
    const { input, resolve } = await hold.next()
    resolve(input.map(held))
    return input.map((asked) => asked.messageId)
  }
  const sent = async () => (await deliver.next()).resolve()
  return { intake, hold, known, deliver, holdAll, sent }
}

describe('taking records in', () => {
  test('a lone record is asked for at once; what comes meanwhile goes with the next statement', async () => {
    const { intake, hold, holdAll } = open(10)
    const taken = rings(4).map((one) => intake.take(one))
    expect(hold.calls.map((call) => call.length)).toEqual([1])
    expect(await holdAll()).toEqual(['m0'])
    expect(await holdAll()).toEqual(['m1', 'm2', 'm3'])
    expect(await Promise.all(taken)).toEqual(['held', 'held', 'held', 'held'])
    expect(hold.calls).toHaveLength(2)
  })

  test('a second statement is never under way beside the first', async () => {
    const { intake, hold, holdAll } = open(10)
    void intake.take(ring(0))
    await expect.poll(() => hold.calls, soon).toHaveLength(1)
    void intake.take(ring(1))
    await holdAll()
    await holdAll()
    expect(hold.calls).toHaveLength(2)
    expect(hold.pending).toHaveLength(0)
  })

  test('what did not come back is stale, and takes no slot', async () => {
    const { intake, hold, deliver, holdAll } = open(2)
    const first = intake.take(ring(0))
    const others = [ring(1), ring(2)].map((one) => intake.take(one))
    ;(await hold.next()).resolve([])
    expect(await first).toBe('stale')
    expect(intake.busy).toBe(0)
    expect(await holdAll()).toEqual(['m1', 'm2'])
    expect(await Promise.all(others)).toEqual(['held', 'held'])
    expect(deliver.calls.map((message) => message.messageId)).toEqual(['m1', 'm2'])
  })

  test('two records of one message hold it once and send it once', async () => {
    const { intake, hold, deliver, holdAll } = open(10)
    const first = intake.take(ring(0))
    const twins = [ring(7), ring(7)].map((one) => intake.take(one))
    await holdAll()
    expect(await holdAll()).toEqual(['m7'])
    expect(await Promise.all([first, ...twins])).toEqual(['held', 'held', 'held'])
    expect(hold.calls).toHaveLength(2)
    expect(deliver.calls.map((message) => message.messageId)).toEqual(['m0', 'm7'])
  })

  test('an old record beside the current one of the same message is stale', async () => {
    const { intake, hold } = open(10)
    void intake.take(ring(0))
    ;(await hold.next()).resolve([])
    const both = [ring(7, 1), ring(7, 2)].map((one) => intake.take(one))
    const { input, resolve } = await hold.next()
    resolve(input.filter(({ attempt }) => attempt === 2).map(held))
    expect(await Promise.all(both)).toEqual(['stale', 'held'])
  })
})

describe('what did not come back from the hold', () => {
  test('is unknown when there is no such message, and stale when there is', async () => {
    const { intake, hold, known } = open(10)
    known.mockImplementation(() => Promise.resolve(new Set(['m1'])))
    void intake.take(ring(9))
    ;(await hold.next()).resolve([held(ring(9))])
    const both = [ring(1), ring(2)].map((one) => intake.take(one))
    ;(await hold.next()).resolve([])
    expect(await Promise.all(both)).toEqual(['stale', 'unknown'])
  })

  test('is asked about again while Postgres is away; what was held goes out meanwhile', async () => {
    const { intake, hold, known, deliver } = open(10)
    known.mockRejectedValueOnce(new Error('Connection refused'))
    void intake.take(ring(9))
    ;(await hold.next()).resolve([held(ring(9))])
    const both = [ring(1), ring(2)].map((one) => intake.take(one))
    ;(await hold.next()).resolve([held(ring(1))])
    await expect.poll(() => deliver.calls.map((message) => message.messageId), soon).toEqual(['m9', 'm1'])
    expect(await Promise.all(both)).toEqual(['held', 'stale'])
    expect(known).toHaveBeenCalledTimes(2)
  })
})

describe('the line', () => {
  test('lets urgent records go first, each kind in its order', async () => {
    const { intake, holdAll } = open(3)
    void intake.take(ring(0))
    for (const [number, isUrgent] of [
      [1, false],
      [2, false],
      [3, true],
      [4, true],
    ] as const)
      void intake.take(ring(number), isUrgent).catch(() => undefined)
    await holdAll()
    expect(await holdAll()).toEqual(['m3', 'm4'])
  })

  test('grows no longer by records that come again while they wait, and answers each', async () => {
    const { intake, hold, holdAll } = open(10)
    const first = intake.take(ring(0))
    await expect.poll(() => hold.calls, soon).toHaveLength(1)
    const again = Array.from({ length: 50 }, () => rings(3).slice(1))
      .flat()
      .map((one) => intake.take(one))
    expect(intake.waiting).toBe(2)
    await holdAll()
    expect(await holdAll()).toEqual(['m1', 'm2'])
    expect(new Set(await Promise.all([first, ...again]))).toEqual(new Set(['held']))
  })
})

describe('the slots', () => {
  test('are never exceeded, each free one is filled, and everything is sent once', async () => {
    const slots = 4
    let [underway, most] = [0, 0]
    const sent: string[] = []
    const intake = new Intake({
      allowed: () => slots,
      log: createLog('test', 'silent'),
      known: (ids) => Promise.resolve(new Set(ids)),
      hold: async (asked) => {
        await new Promise((resolve) => setImmediate(resolve))
        return asked.map(held)
      },
      deliver: async (message) => {
        most = Math.max(most, ++underway)
        // Different lengths, so that slots come free one by one and several at a time.
        for (let turn = 0; turn < 3 + (message.offset % 5); turn++)
          await new Promise((resolve) => setImmediate(resolve))
        sent.push(message.messageId)
        underway--
      },
    })
    const taken = await Promise.all(rings(200).map((one) => intake.take(one)))
    await intake.stop()
    expect(new Set(taken)).toEqual(new Set(['held']))
    expect(sent.toSorted()).toEqual(
      rings(200)
        .map((one) => one.messageId)
        .toSorted(),
    )
    expect(most).toBe(slots)
  })

  test('that are full ask for nothing until one comes free', async () => {
    const { intake, hold, deliver, holdAll, sent } = open(2)
    for (const one of rings(5)) void intake.take(one)
    await holdAll()
    expect(await holdAll()).toEqual(['m1'])
    await expect.poll(() => deliver.calls, soon).toHaveLength(2)
    expect(intake.busy).toBe(2)
    expect(hold.pending).toHaveLength(0)
    await sent()
    expect(await holdAll()).toEqual(['m2'])
    await expect.poll(() => deliver.calls, soon).toHaveLength(3)
    expect(hold.pending).toHaveLength(0)
  })

  test('come free when a delivery fails in a way that nobody foresaw', async () => {
    const { intake, deliver, holdAll } = open(1)
    for (const one of rings(2)) void intake.take(one)
    await holdAll()
    ;(await deliver.next()).reject(new TypeError('A bug'))
    expect(await holdAll()).toEqual(['m1'])
  })
})

describe('while Postgres is away', { timeout: 20_000 }, () => {
  test('it asks again for the same records, in their order, until it is answered', async () => {
    const { intake, hold, holdAll } = open(10)
    const taken = rings(3).map((one) => intake.take(one))
    ;(await hold.next()).reject(new Error('Connection refused'))
    const again = await hold.next()
    expect(again.input.map((one) => one.messageId)).toEqual(['m0'])
    // Only the answer may have been lost: by the same token it gets what it holds already.
    expect(again.input).toEqual(hold.calls[0])
    again.reject(new Error('Connection refused'))
    expect(await holdAll()).toEqual(['m0'])
    expect(await holdAll()).toEqual(['m1', 'm2'])
    expect(await Promise.all(taken)).toEqual(['held', 'held', 'held'])
  })

  test('stopping gives back what it could not ask for, and asks no more', async () => {
    const { intake, hold } = open(10)
    const taken = Promise.allSettled(rings(2).map((one) => intake.take(one)))
    const asked = await hold.next()
    const stopped = intake.stop()
    asked.reject(new Error('Connection refused'))
    await stopped
    for (const one of await taken) expect(one).toEqual({ status: 'rejected', reason: expect.any(NotTaken) })
    expect(hold.calls).toHaveLength(1)
  })
})

const locked = () => Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' })

describe('a row that somebody keeps locked', { timeout: 20_000 }, () => {
  test('holds up nobody else: its record is done with, and it is held once it is free', async () => {
    const { intake, hold, deliver, holdAll } = open(10)
    void intake.take(ring(0))
    ;(await hold.next()).reject(locked())
    const others = rings(4)
      .slice(1)
      .map((one) => intake.take(one))
    expect(await holdAll()).toEqual(['m1', 'm2', 'm3'])
    expect(await Promise.all(others)).toEqual(['held', 'held', 'held'])
    expect(await holdAll()).toEqual(['m0'])
    await expect.poll(() => deliver.calls.map((message) => message.messageId), soon).toEqual(['m1', 'm2', 'm3', 'm0'])
  })

  test('among several is found by asking for them one by one, and may stay locked', async () => {
    const { intake, hold, holdAll } = open(10)
    void intake.take(ring(0))
    await holdAll()
    const taken = [ring(1), ring(2), ring(3)].map((one) => intake.take(one))
    ;(await hold.next()).reject(locked())
    expect(await holdAll()).toEqual(['m1'])
    ;(await hold.next()).reject(locked())
    expect(await holdAll()).toEqual(['m3'])
    expect(await Promise.all(taken)).toEqual(['held', 'locked', 'held'])
    const again = await hold.next()
    expect(again.input.map((one) => one.messageId)).toEqual(['m2'])
    again.reject(locked())
    expect(await holdAll()).toEqual(['m2'])
  })

  test('is left to the next worker when this one stops', async () => {
    const { intake, hold } = open(10)
    const taken = intake.take(ring(0))
    ;(await hold.next()).reject(locked())
    expect(await taken).toBe('locked')
    expect(await intake.take(ring(0))).toBe('locked')
    await intake.stop()
    expect(hold.calls).toHaveLength(1)
  })
})

describe('stopping', () => {
  test('refuses what waits and what comes, and waits for what is under way', async () => {
    const { intake, hold, deliver, holdAll, sent } = open(1)
    const [first, ...waiting] = rings(3).map((one) => intake.take(one))
    const refused = Promise.allSettled(waiting)
    await holdAll()
    expect(await first).toBe('held')
    await expect.poll(() => deliver.calls, soon).toHaveLength(1)

    let isOver = false
    const stopped = intake.stop().then(() => (isOver = true))
    for (const one of await refused) expect(one).toEqual({ status: 'rejected', reason: expect.any(NotTaken) })
    await expect(intake.take(ring(9))).rejects.toBeInstanceOf(NotTaken)
    expect(isOver).toBe(false)
    await sent()
    await stopped
    expect(intake.busy).toBe(0)
    expect(hold.calls).toHaveLength(1)
  })

  test('during a hold waits for it, and hands on what was held, so that it is given back rather than lost', async () => {
    const { intake, deliver, holdAll, sent } = open(1)
    const taken = intake.take(ring(0))
    const order: string[] = []
    const stopped = intake.stop().then(() => order.push('stopped'))
    await holdAll()
    expect(await taken).toBe('held')
    await expect.poll(() => deliver.calls.map((message) => message.messageId), soon).toEqual(['m0'])
    order.push('sent')
    await sent()
    await stopped
    expect(order).toEqual(['sent', 'stopped'])
  })
})
