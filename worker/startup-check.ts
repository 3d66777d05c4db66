import { differences } from '@/core/facts'
import type { Sql } from '@/db/client'
import { keepPresent, otherProcesses } from '@/db/processes'
import { templates } from '@/emails/registry'
import { envelopeVersion } from '@/kafka/record'
import { checkTopics } from '@/kafka/topics'
import type { WorkerConfig } from '@/runtime/config'
import { factsOf } from '@/runtime/facts'
import type { Logger } from '@/runtime/log'

const compareEveryMs = 30_000

/**
 * Compares what has to agree: the topics with the settings, and the settings with those of the other processes. It says what
 * differs and stops nothing: a rolling deploy never halts mail.
 */
export class StartupCheck {
  readonly #presence: { stop: () => Promise<void> }
  readonly #timer: NodeJS.Timeout
  #comparing: Promise<void> = Promise.resolve()
  #topics: string[] = []
  #processes: string[] = []

  constructor(
    private readonly tools: {
      sql: Sql
      name: string
      config: WorkerConfig
      log: Logger
      /** Asking for the topics while Kafka is away would only wait. */
      isKafkaUp: () => boolean
    },
  ) {
    const own = { name: tools.name, kind: 'worker', facts: this.#facts() } as const
    this.#presence = keepPresent(tools.sql, own, tools.log)
    this.#timer = setInterval(() => void this.compare(), compareEveryMs)
    this.#timer.unref()
  }

  /** One comparison after the other; by itself every 30 s. */
  compare(): Promise<void> {
    this.#comparing = this.#comparing.then(() => this.#compare())
    return this.#comparing
  }

  /** As of the last comparison, in plain sentences. */
  get differences(): string[] {
    return [...this.#topics, ...this.#processes]
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#comparing
    await this.#presence.stop()
  }

  #facts() {
    return factsOf(this.tools.config, { templates: Object.keys(templates), envelopeVersion })
  }

  async #compare(): Promise<void> {
    const { sql, name, config, log, isKafkaUp } = this.tools
    const before = this.differences
    try {
      this.#processes = differences(this.#facts(), await otherProcesses(sql, name))
      if (isKafkaUp()) this.#topics = await checkTopics(config, log)
    } catch (error) {
      // What was found the last time stands until it can be asked again.
      log.debug({ err: error }, 'The settings could not be compared')
    }
    for (const sentence of this.differences) if (!before.includes(sentence)) log.warn(sentence)
  }
}
