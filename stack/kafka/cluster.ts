import { join } from 'node:path'

import { freePort } from '../ports'
import { lastLines, type Command, type Environment, type Exit, type Process, type Processes } from '../processes'
import { until } from '../until'
import { isKafkaReady, kafkaEnding, keepClassArchive, newClusterId, prepareKafka } from './broker'

/** As in production: three copies of everything, of which two must be there for a record to be taken. */
export const replicated = {
  'default.replication.factor': 3,
  'min.insync.replicas': 2,
  'offsets.topic.replication.factor': 3,
  'transaction.state.log.replication.factor': 3,
  'transaction.state.log.min.isr': 2,
  'share.coordinator.state.topic.replication.factor': 3,
  'share.coordinator.state.topic.min.isr': 2,
}

type Broker = { id: number; port: number; command: Command; child: Process; running: boolean }

/** Three brokers are three JVMs that start at once, on a machine that may be busy. */
const readyWithinMs = 90_000

/**
 * Three real brokers on loopback, to be killed and started again one by one. Only for tests and the fault suite: the local
 * stack has one. They end with `processes`.
 */
export class KafkaCluster {
  readonly #brokers = new Map<number, Broker>()

  private constructor(private readonly processes: Processes) {}

  static async start(
    processes: Processes,
    options: { folder: string; environment: Environment },
  ): Promise<KafkaCluster> {
    const cluster = new KafkaCluster(processes)
    const nodes: { id: number; port: number; controllerPort: number }[] = []
    for (const id of [1, 2, 3]) nodes.push({ id, port: await freePort(), controllerPort: await freePort() })
    const clusterId = newClusterId()
    const commands: { id: number; port: number; command: Command }[] = []
    // One after the other: the first may still have to fetch the broker.
    for (const { id, port, controllerPort } of nodes) {
      const command = await prepareKafka(processes, {
        folder: join(options.folder, `kafka-${id}`),
        port,
        controllerPort,
        environment: options.environment,
        member: { id, nodes, clusterId, settings: replicated },
      })
      commands.push({ id, port, command })
    }
    await Promise.all(
      commands.map(async ({ id, port, command }) => {
        const child = await cluster.#spawn(id, command)
        cluster.#brokers.set(id, { id, port, command, child, running: true })
      }),
    )
    await Promise.all([1, 2, 3].map((id) => cluster.#ready(id)))
    return cluster
  }

  readonly ids = [1, 2, 3] as const

  /** `host:port` of all three, as KAFKA_BROKERS has them. */
  get addresses(): string[] {
    return [...this.#brokers.values()].map(({ port }) => `127.0.0.1:${port}`)
  }

  pid(id: number): number {
    return this.#of(id).child.pid
  }

  /** SIGKILL: as if its machine had gone. Resolves when it is gone. */
  async kill(id: number): Promise<void> {
    await this.#end(id, 'SIGKILL')
  }

  /** SIGTERM: it hands its partitions over first. Resolves when it is gone, after 30 s at the latest. */
  async stop(id: number): Promise<void> {
    await this.#end(id, 'SIGTERM')
  }

  /** Starts one that was ended, on its old data and port. Resolves when it serves. */
  async restart(id: number): Promise<void> {
    const broker = this.#of(id)
    broker.child = await this.#spawn(id, broker.command)
    broker.running = true
    await this.#ready(id)
  }

  async #end(id: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const broker = this.#of(id)
    if (!broker.running) return
    broker.running = false
    const { child } = broker
    if (signal === 'SIGKILL') child.kill()
    else {
      process.kill(child.pid, 'SIGTERM')
      const patience = setTimeout(() => child.kill(), 30_000)
      await child.exited
      clearTimeout(patience)
    }
    await child.exited
  }

  async #spawn(id: number, command: Command): Promise<Process> {
    const child = await this.processes.start(`kafka-${id}`, command, { order: 1, ...kafkaEnding })
    void child.exited.then((exit: Exit) => keepClassArchive(command, exit))
    return child
  }

  async #ready(id: number): Promise<void> {
    const { child } = this.#of(id)
    const exited = child.exited.then(() => 'exited' as const)
    const ready = await Promise.race([until(() => isKafkaReady(child), readyWithinMs), exited])
    if (ready !== true) throw new Error(`Broker ${id} did not come up.${lastLines(child)}`)
  }

  #of(id: number): Broker {
    const broker = this.#brokers.get(id)
    if (!broker) throw new Error(`There is no broker ${id}`)
    return broker
  }
}
