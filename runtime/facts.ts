import { createHash } from 'node:crypto'
import { sameAddressKey } from '@/core/address'
import type { Facts } from '@/core/facts'
import packageJson from '@/package.json'
import type { Keyring, WebConfig } from './config'

/** Enough to tell keys apart, and nothing that helps to guess one. */
const fingerprintOf = (secret: Buffer | string): string =>
  createHash('sha256').update('fingerprint').update(secret).digest('hex').slice(0, 8)
const fingerprint = ({ secret }: Keyring[number]): string => fingerprintOf(secret)

type Settings = Pick<
  WebConfig,
  | 'KAFKA_TOPIC'
  | 'KAFKA_DLQ_TOPIC'
  | 'KAFKA_GROUP_ID'
  | 'MAX_RETRIES'
  | 'SMTP_HOST'
  | 'DELIVERY_MODE'
  | 'DELIVERY_GUEST_LIST'
  | 'SIGNING_KEYS'
  | 'SECRETS_KEYS'
>

/** What the other processes have to know of this one. */
export const factsOf = (
  config: Settings & { HOLD_MS?: number },
  code: { templates: string[]; envelopeVersion: number },
): Facts => ({
  version: packageJson.version,
  ...code,
  topic: config.KAFKA_TOPIC,
  dlqTopic: config.KAFKA_DLQ_TOPIC,
  groupId: config.KAFKA_GROUP_ID,
  holdMs: config.HOLD_MS ?? null,
  maxRetries: config.MAX_RETRIES,
  smtpHost: config.SMTP_HOST,
  deliveryMode: config.DELIVERY_MODE,
  guestList: fingerprintOf(config.DELIVERY_GUEST_LIST.map(sameAddressKey).toSorted().join('\n')),
  signingKeys: config.SIGNING_KEYS.map(fingerprint),
  secretsKeys: config.SECRETS_KEYS.map(fingerprint),
})
