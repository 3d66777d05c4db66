import type { StackConfig } from '@/runtime/config'

import { StackFault } from './fault'
import { canConnect, holderOf, isFree } from './ports'

const REACH_WITHIN_MS = 5_000

type PortName = Extract<keyof StackConfig, `${string}_PORT`>

/** The ports this stack will listen on: those of parts that it brings itself. */
export function portsInUse(config: StackConfig): PortName[] {
  return [
    'WEB_PORT',
    'API_PORT',
    'WORKER_PORT',
    ...(config.DATABASE_URL ? [] : (['POSTGRES_PORT'] as const)),
    ...(config.KAFKA_BROKERS ? [] : (['KAFKA_PORT', 'KAFKA_CONTROLLER_PORT'] as const)),
    ...(config.SMTP_HOST ? [] : (['MAIL_SMTP_PORT', 'MAIL_UI_PORT'] as const)),
  ]
}

/** All of them before anything starts, so that nothing has to be taken down again. */
export async function checkPorts(config: StackConfig): Promise<void> {
  const names = portsInUse(config)
  const free = await Promise.all(names.map((name) => isFree(config[name])))
  const taken = names.filter((_, index) => !free[index])
  if (taken.length === 0) return
  const [first] = taken as [PortName]
  const list = taken.map((name) => `${config[name]} (${name}, by ${holderOf(config[name]) ?? 'another process'})`)
  throw new StackFault(
    `${taken.length > 1 ? 'These ports are taken' : 'This port is taken'}: ${list.join(', ')}. Stop what holds it, or move the stack, for example ${first}=${config[first] + 1000} npm start.`,
  )
}

/** What was given from outside has to answer: waiting for it would only look like hanging. */
export async function checkReachable(config: StackConfig): Promise<void> {
  if (config.KAFKA_BROKERS && !(await anyAnswers(config.KAFKA_BROKERS))) {
    throw new StackFault(
      `KAFKA_BROKERS is set, but nothing answers at ${config.KAFKA_BROKERS.join(', ')}: start that Kafka, or unset KAFKA_BROKERS and the stack brings its own.`,
    )
  }
  if (!config.DATABASE_URL) return
  const { hostname, port } = new URL(config.DATABASE_URL)
  if (!(await canConnect(hostname, Number(port || 5432), REACH_WITHIN_MS))) {
    throw new StackFault(
      `DATABASE_URL is set, but nothing answers at ${hostname}:${port || 5432}: start that PostgreSQL, or unset DATABASE_URL and the stack brings its own.`,
    )
  }
}

async function anyAnswers(brokers: string[]): Promise<boolean> {
  const answers = brokers.map((broker) => {
    const at = broker.lastIndexOf(':')
    return canConnect(broker.slice(0, at), Number(broker.slice(at + 1)), REACH_WITHIN_MS)
  })
  return (await Promise.all(answers)).includes(true)
}
