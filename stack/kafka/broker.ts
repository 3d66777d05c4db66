import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { StackFault } from '../fault'
import {
  forSpawn,
  outputOf,
  repositoryRoot,
  type Command,
  type Environment,
  type Exit,
  type Process,
  type Processes,
} from '../processes'

export type KafkaOptions = {
  /** Its own folder; data lies in `<folder>/data`. */
  folder: string
  port: number
  controllerPort: number
  environment: Environment
  /** One of several brokers that form a cluster; without it, a broker alone. */
  member?: ClusterMember
}

type ClusterMember = {
  id: number
  /** All of them, in the same words for each. */
  nodes: readonly { id: number; controllerPort: number }[]
  /** The same for all: they refuse each other otherwise. */
  clusterId: string
  settings: Record<string, string | number | boolean>
  /** More arguments for formatting its folder, such as accounts. */
  format?: string[]
}

/** The first clean stop of a fresh installation writes the class archive, which takes about 3 s. */
export const kafkaEnding = { signal: 'SIGTERM', graceMs: 6_000 } as const

const settings = {
  'offsets.topic.num.partitions': 4,
  'offsets.topic.replication.factor': 1,
  'transaction.state.log.num.partitions': 1,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'share.coordinator.state.topic.num.partitions': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'group.initial.rebalance.delay.ms': 0,
  'auto.create.topics.enable': false,
  'num.network.threads': 2,
  'num.io.threads': 4,
  'background.threads': 2,
  'num.recovery.threads.per.data.dir': 1,
  // The default of 128 MB would not fit the heap.
  'log.cleaner.dedupe.buffer.size': 8_388_608,
  'log.segment.bytes': 67_108_864,
  'log.retention.hours': 168,
  // A broker killed with SIGKILL waits out its own old registration before it starts: 9 s by default.
  'broker.session.timeout.ms': 3_000,
  'broker.heartbeat.interval.ms': 500,
}

const recipe = join(repositoryRoot, 'stack/kafka')

/** Fetches the broker when it is not there, formats its folder when it is new, and answers with the command that serves it. */
export async function prepareKafka(processes: Processes, options: KafkaOptions): Promise<Command> {
  checkJava(options.environment)
  const jars = await fetchJars(processes, options.environment)
  const folder = resolve(options.folder)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const properties = join(folder, 'server.properties')
  const listener = `127.0.0.1:${options.port}`
  const { id, nodes, clusterId, settings: own, format: more = [] } = options.member ?? alone(options)
  const all = {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': nodes.map((node) => `${node.id}@127.0.0.1:${node.controllerPort}`).join(','),
    listeners: `PLAINTEXT://${listener},CONTROLLER://127.0.0.1:${options.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${listener}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    ...settings,
    ...own,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(properties, lines.join(''), { mode: 0o600 })
  const java = (main: string, args: string[], flags: string[]): Command => ({
    file: 'java',
    args: [
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      ...flags,
      `-Dlog4j2.configurationFile=${join(recipe, 'log4j2.yaml')}`,
      '-cp',
      join(jars, '*'),
      main,
      ...args,
    ],
    cwd: folder,
    environment: options.environment,
  })
  // The tool writes this file last and at once, so its absence means "not formatted".
  if (!existsSync(join(folder, 'data/meta.properties'))) {
    const format = ['format', '-g', '-t', clusterId, '-c', properties, ...more]
    await processes.run('kafka', java('kafka.tools.StorageTool', format, []))
  }
  return java('kafka.Kafka', [properties], ['-Xmx256m', archiveFlag(jars)])
}

export const isKafkaReady = (child: Process) => outputOf(child).includes('Kafka Server started')

/**
 * The class archive halves the start. The first run records it at its end; a truncated one would abort the JVM, so it gets
 * its final name only after a clean stop.
 */
const archiveOf = (jars: string) => join(jars, 'classes.jsa')
const archiveFlag = (jars: string) =>
  existsSync(archiveOf(jars))
    ? `-XX:SharedArchiveFile=${archiveOf(jars)}`
    : `-XX:ArchiveClassesAtExit=${archiveOf(jars)}.${randomBytes(4).toString('hex')}`

/** To be called when a broker has exited. 143 (SIGTERM handled) is its clean exit code. */
export function keepClassArchive(command: Command, exit: Exit): void {
  const draft = command.args.find((flag) => flag.startsWith('-XX:ArchiveClassesAtExit='))?.split('=')[1]
  if (!draft || !existsSync(draft)) return
  if (exit.code === 143) renameSync(draft, draft.replace(/\.[0-9a-f]+$/, ''))
  else rmSync(draft)
}

const alone = ({ controllerPort }: KafkaOptions): ClusterMember => ({
  id: 1,
  nodes: [{ id: 1, controllerPort }],
  clusterId: newClusterId(),
  settings: {},
})

/** 22 base64url characters; a leading '-' would be read as an option by the tool. */
export function newClusterId(): string {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? newClusterId() : id
}

const REMEDY = 'or set KAFKA_BROKERS to a Kafka that runs already'

function checkJava(environment: Environment): void {
  const asked = spawnSync('java', ['-version'], { env: forSpawn(environment), encoding: 'utf8' })
  const version = /version "(\d+)/.exec(asked.stderr ?? '')?.[1]
  if (asked.status !== 0 || !version) {
    throw new StackFault(
      `Kafka needs Java 17 or newer, and no \`java\` was found: install one (apt install openjdk-17-jre-headless, brew install openjdk@17), ${REMEDY}.`,
    )
  }
  if (Number(version) < 17)
    throw new StackFault(`Kafka needs Java 17 or newer, and \`java\` is ${version}: install one, ${REMEDY}.`)
}

async function fetchJars(processes: Processes, environment: Environment): Promise<string> {
  const pom = readFileSync(join(recipe, 'pom.xml'))
  const version = createHash('sha256').update(pom).digest('hex').slice(0, 12)
  const jars = join(repositoryRoot, 'node_modules/.cache/kafka-jars', version)
  if (existsSync(jars)) return jars
  if (spawnSync('mvn', ['--version'], { env: forSpawn(environment) }).status !== 0) {
    throw new StackFault(
      `Kafka is fetched once with Maven, and no working \`mvn\` was found: install it (apt install maven, brew install maven), ${REMEDY}.`,
    )
  }
  const draft = `${jars}.${process.pid}`
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${draft}`]
  await processes.run('maven', { file: 'mvn', args: ['-q', '-B', '-f', join(recipe, 'pom.xml'), ...goal], environment })
  // Two stacks may fetch at once: the first one wins.
  if (existsSync(jars)) rmSync(draft, { recursive: true })
  else renameSync(draft, jars)
  return jars
}
