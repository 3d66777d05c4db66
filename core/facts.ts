import { z } from 'zod'

/** What has to agree between the processes that share one Postgres and one Kafka. Keys only as fingerprints. */
const factsSchema = z.object({
  version: z.string(),
  /** Of the records that it writes and reads. */
  envelopeVersion: z.number(),
  topic: z.string(),
  dlqTopic: z.string(),
  groupId: z.string(),
  templates: z.array(z.string()),
  /** Null where nothing is held: in the web process. */
  holdMs: z.number().nullable(),
  maxRetries: z.number(),
  /** Absent from processes that began before it was compared. */
  smtpHost: z.string().optional(),
  /** Absent from processes that began before it was compared. */
  deliveryMode: z.string().optional(),
  /** A fingerprint: the addresses are nobody's business. */
  guestList: z.string().optional(),
  /** The first one is in use. */
  signingKeys: z.array(z.string()),
  secretsKeys: z.array(z.string()),
})
export type Facts = z.infer<typeof factsSchema>

export type OtherProcess = { name: string; kind: 'web' | 'worker'; facts: unknown }

/**
 * What differs between this worker and the other processes that live, in sentences for `/readyz`. Nothing of it is a reason
 * to stop: during a deploy two versions run side by side.
 */
export function differences(own: Facts, others: readonly OtherProcess[]): string[] {
  return others.flatMap(({ name, kind, facts }) => {
    const parsed = factsSchema.safeParse(facts)
    if (!parsed.success) return [`${name} is of a version whose settings cannot be compared with ours.`]
    return differencesFrom(own, name, kind, parsed.data)
  })
}

function differencesFrom(own: Facts, name: string, kind: OtherProcess['kind'], other: Facts): string[] {
  const said: string[] = []
  const differ = (variable: string, is: string | number, ours: string | number) => {
    if (is !== ours) said.push(`${name} has ${variable} ${is}, and this worker has ${ours}.`)
  }
  differ('KAFKA_TOPIC', other.topic, own.topic)
  differ('KAFKA_DLQ_TOPIC', other.dlqTopic, own.dlqTopic)
  differ('KAFKA_GROUP_ID', other.groupId, own.groupId)
  differ('MAX_RETRIES', other.maxRetries, own.maxRetries)
  // The breaker is shared: one worker with a wrong host would pause all the others.
  if (other.smtpHost !== undefined && own.smtpHost !== undefined) differ('SMTP_HOST', other.smtpHost, own.smtpHost)
  if (other.deliveryMode !== undefined && own.deliveryMode !== undefined) {
    differ('DELIVERY_MODE', other.deliveryMode, own.deliveryMode)
    if (own.deliveryMode === 'guest_list' && other.deliveryMode === 'guest_list' && other.guestList !== own.guestList) {
      said.push(`${name} has another DELIVERY_GUEST_LIST than this worker.`)
    }
  }
  if (other.holdMs !== null && own.holdMs !== null) differ('HOLD_MS', other.holdMs, own.holdMs)
  if (other.envelopeVersion > own.envelopeVersion) {
    said.push(
      `${name} writes records of the envelope version ${other.envelopeVersion}, which this worker does not read: they are left for a newer one.`,
    )
  }
  if (!holds(own.signingKeys, other.signingKeys)) {
    said.push(
      `${name} signs with a key that this worker does not hold: its records are kept aside here. Add it to SIGNING_KEYS.`,
    )
  }
  if (!holds(own.secretsKeys, other.secretsKeys)) {
    said.push(
      `${name} seals with a key that this worker does not hold: such mail cannot be opened here. Add it to SECRETS_KEYS.`,
    )
  }
  const unknown = other.templates.filter((template) => !own.templates.includes(template))
  if (kind === 'web' && unknown.length > 0) {
    said.push(
      `${name} may queue mail in ${unknown.length === 1 ? 'the template' : 'the templates'} ${unknown.join(', ')}, which this worker does not know: it is left for a newer one.`,
    )
  }
  return said
}

/** Whether we hold the key that they use. */
const holds = (own: readonly string[], theirs: readonly string[]): boolean =>
  theirs[0] === undefined || own.includes(theirs[0])
