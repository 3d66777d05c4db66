import net, { isIP } from 'node:net'
import tls from 'node:tls'
import kafkajs, {
  Kafka,
  logLevel,
  type ISocketFactory,
  type KafkaConfig as ClientConfig,
  type SASLOptions,
} from 'kafkajs'
import SnappyCodec from 'kafkajs-snappy'
import type { KafkaConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'

// Node does not see these as named exports of a CommonJS module.
export const { CompressionCodecs, CompressionTypes, ConfigResourceTypes, KafkaJSAggregateError } = kafkajs

// What we write; what others may have written is registered where it is read (codecs.ts).
CompressionCodecs[CompressionTypes.Snappy] = SnappyCodec

/** As Kafka's clients do it, but asking after 15 s whether the other side still lives: kafkajs keeps a socket that went silent. */
const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? tls.connect({ host, port, ...(isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect)
  return socket.setKeepAlive(true, 15_000)
}

/** Encrypted lines are always checked, whatever NODE_TLS_REJECT_UNAUTHORIZED says: an unchecked one can be read by anyone who answers. */
function securityOf(config: KafkaConfig): Pick<ClientConfig, 'ssl' | 'sasl' | 'authenticationTimeout'> {
  const { KAFKA_SSL_CA: ca, KAFKA_SSL_CERT: cert, KAFKA_SSL_KEY: key } = config
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = config
  return {
    authenticationTimeout: 10_000,
    ...(config.KAFKA_SSL && {
      ssl: { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(ca && { ca }), ...(cert && key && { cert, key }) },
    }),
    ...(mechanism && username && password && { sasl: { mechanism, username, password } as SASLOptions }),
  }
}

/**
 * One Kafka instance for each producer, consumer or admin: two members of one group from one instance share the
 * committed-offsets map (tulios/kafkajs#1371).
 */
export function createKafka(config: KafkaConfig, clientId: string, log: Logger): Kafka {
  return new Kafka({
    clientId,
    brokers: config.KAFKA_BROKERS,
    ...securityOf(config),
    connectionTimeout: 2_000,
    requestTimeout: config.KAFKA_REQUEST_TIMEOUT_MS,
    // Without it a request on a silent socket never ends.
    enforceRequestTimeout: true,
    socketFactory,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
    logLevel: logLevel.WARN,
    // kafkajs says the same on every retry of an outage, and every refusal that is part of normal life ("the topic exists",
    // "the coordinator is not there yet"): what matters is said once by those who use it, this is for a closer look.
    logCreator: () => (entry) => log.debug({ kafkajs: entry.namespace, ...entry.log }, entry.log.message),
  })
}

/** Rejects when the promise has not settled in time. What it stands for may still happen. */
export async function withDeadline<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
