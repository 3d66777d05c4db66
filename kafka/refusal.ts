import { certificateFault, isClientCertificateRefused } from '@/core/certificate-fault'
import type { KafkaConfig } from '@/runtime/config'

const acls = 'an operator has to allow it (docs/security.md, "Transport")'

/** kafkajs wraps what Kafka said up to three times, and several answers into one. */
function* within(error: unknown): Generator<Error & { type?: unknown; code?: unknown }> {
  if (!(error instanceof Error)) return
  yield error
  if ('errors' in error && Array.isArray(error.errors)) for (const one of error.errors) yield* within(one)
  yield* within(error.cause)
}

/**
 * What is wrong with our way into Kafka, in one sentence with the variable to look at; null when it is something else, such as
 * a Kafka that is away. Asking again does not help: only a person can change it.
 * @param topics that were asked for
 */
export function kafkaRefusal(error: unknown, config: KafkaConfig, topics: readonly string[]): string | null {
  for (const fault of within(error)) {
    const sentence = sentenceOf(fault, config, topics)
    if (sentence) return sentence
  }
  return null
}

function sentenceOf(
  { name, type, code }: { name: string; type?: unknown; code?: unknown },
  config: KafkaConfig,
  topics: readonly string[],
): string | null {
  const brokers = config.KAFKA_BROKERS.join(', ')
  if (name === 'KafkaJSSASLAuthenticationError')
    return `Kafka refuses our sign-in as ${config.KAFKA_SASL_USERNAME}: check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM.`
  if (type === 'UNSUPPORTED_SASL_MECHANISM')
    return `Kafka does not offer ${config.KAFKA_SASL_MECHANISM}: check KAFKA_SASL_MECHANISM.`
  if (typeof code === 'string') {
    const fault = certificateFault(code)
    if (fault) return `The certificate of Kafka at ${brokers} ${fault}: check KAFKA_SSL_CA and KAFKA_BROKERS.`
    if (isClientCertificateRefused(code))
      return `Kafka at ${brokers} does not take our certificate: check KAFKA_SSL_CERT and KAFKA_SSL_KEY.`
    if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'EPROTO')
      return `Kafka at ${brokers} does not encrypt on this port: check KAFKA_BROKERS and KAFKA_SSL.`
  }
  if (type === 'TOPIC_AUTHORIZATION_FAILED' || type === 'CLUSTER_AUTHORIZATION_FAILED')
    return `Kafka does not let ${whoWeAre(config)} use ${topics.join(' and ')}: ${acls}.`
  if (type === 'GROUP_AUTHORIZATION_FAILED')
    return `Kafka does not let ${whoWeAre(config)} join the group ${config.KAFKA_GROUP_ID}: ${acls}.`
  // kafkajs tries for the coordinator until it gives up, and does not say that it was refused.
  if (name === 'KafkaJSGroupCoordinatorNotFound' && (config.KAFKA_SASL_USERNAME || config.KAFKA_SSL_CERT))
    return `Kafka names nobody who leads the group ${config.KAFKA_GROUP_ID}: it has just started, or ${whoWeAre(config)} may not join; then ${acls}.`
  return null
}

const whoWeAre = (config: KafkaConfig): string =>
  config.KAFKA_SASL_USERNAME ?? (config.KAFKA_SSL_CERT ? 'the owner of KAFKA_SSL_CERT' : 'us')
