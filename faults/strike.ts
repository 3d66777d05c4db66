import type { Kept } from './kept'
import type { Rig, RigKind } from './rig'
import type { Run } from './scenario'

/** With proxies, and a mail server whose reply to the final dot is waited for 8 s instead of 5 min. */
export const proxied: RigKind = { brokers: 1, proxied: true, worker: { SMTP_REPLY_TIMEOUT_MS: '8000' } }

/** What these processes hold, whether they still live or not. */
export async function heldBy(rig: Rig, pids: readonly number[]): Promise<{ id: string; to: string }[]> {
  const names = pids.map((pid) => `%-${pid}`)
  return rig.sql<{ id: string; to: string }[]>`
    select m.id, m.to_address as to from outbox o join messages m on m.id = o.message_id
    where o.hold is not null and o.held_by like any(${names}::text[])`
}

/**
 * Kills these workers at once, with -9; they are started again. What they held may arrive twice, flagged: counted when they
 * are dead, for then it no longer changes.
 * @returns how many messages they held
 */
export async function killWorkers(run: Run, workers: readonly Kept[]): Promise<number> {
  const pids = workers.map(({ pid }) => pid).filter((pid) => pid > 0)
  await Promise.all(workers.map((worker) => worker.crash('SIGKILL')))
  const held = await heldBy(run.rig, pids)
  run.mayDuplicate(held.length)
  return held.length
}
