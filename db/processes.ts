import type { Facts, OtherProcess } from '@/core/facts'
import type { Logger } from '@/runtime/log'
import type { Sql } from './client'

const sayEveryMs = 15_000

/**
 * Keeps the row by which the other processes know this one: at once, and then every 15 s. What cannot be written now is
 * written the next time.
 *
 * As text: drizzle's client and the plain one write JSON in different ways.
 */
export function keepPresent(
  sql: Sql,
  own: { name: string; kind: 'web' | 'worker'; facts: Facts },
  log: Logger,
): { stop: () => Promise<void> } {
  const say = () => sql`
    with gone as (
      delete from processes where seen_at < now() - interval '1 day'
    )
    insert into processes (name, kind, facts) values (${own.name}, ${own.kind}, ${JSON.stringify(own.facts)}::text::jsonb)
    on conflict (name) do update set facts = excluded.facts, seen_at = now()`
  const sayOrLater = async () => {
    try {
      await say()
    } catch (error) {
      log.debug({ err: error }, 'This process could not say that it lives')
    }
  }
  let saying = removeDead(sql, own.name)
    .catch((error: unknown) => log.debug({ err: error }, 'What ended before could not be taken off the list'))
    .then(sayOrLater)
  const timer = setInterval(() => {
    saying = saying.then(sayOrLater)
  }, sayEveryMs)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      await saying
      try {
        await sql`delete from processes where name = ${own.name}`
      } catch (error) {
        log.debug({ err: error }, 'This process could not say that it ends')
      }
    },
  }
}

/** Those of this machine whose process is gone: killed, they could not say so, and this one has taken the place of one of them. */
async function removeDead(sql: Sql, ownName: string): Promise<void> {
  const place = ownName.replace(/\d+$/, '')
  const rows = await sql<{ name: string }[]>`
    select name from processes where starts_with(name, ${place}) and name <> ${ownName}`
  const dead = rows.map(({ name }) => name).filter((name) => !isRunning(Number(name.slice(place.length))))
  if (dead.length > 0) await sql`delete from processes where name = any(${dead})`
}

/** True for what is no process id either: nobody knows better. */
function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it runs, and is somebody else's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** The other processes that have been heard of within the last minute. */
export async function otherProcesses(sql: Sql, name: string): Promise<OtherProcess[]> {
  const rows = await sql<OtherProcess[]>`
    select name, kind, facts from processes where name <> ${name} and seen_at > now() - interval '60 s' order by name`
  return [...rows]
}
