import { isLoopback, plaintextRefusals, type PlainLine } from '@/core/plaintext'
import { z } from 'zod'
import { deliveryModes, isGuestEntry } from '@/core/delivery-mode'
import { belongTogether, readPem } from './pem'
import { postgresLine } from './postgres-line'

/**
 * The only reader of the environment. Every process parses what it needs once, at start; a bad value is one sentence that
 * names the variable and the remedy (`ConfigError`), never a stack trace and never a default secret.
 */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** `14/s`, `50000/day` or both with a comma between: what the mail provider allows. */
const sendRate = z.string().transform((value, context) => {
  const rate: { perSecond: number | null; perDay: number | null } = { perSecond: null, perDay: null }
  for (const part of value.split(',')) {
    const [, count, unit] = /^\s*(\d{1,9})\s*\/\s*(s|day)\s*$/.exec(part) ?? []
    const key = unit === 's' ? 'perSecond' : 'perDay'
    if (!unit || Number(count) < 1 || rate[key] !== null) {
      context.addIssue({ code: 'custom', message: 'must be like 14/s, 50000/day or 14/s,50000/day' })
      return z.NEVER
    }
    rate[key] = Number(count)
  }
  return rate
})

const port = (standard: number) => z.coerce.number().int().min(1).max(65535).default(standard)
const count = (standard: number) => z.coerce.number().int().min(1).default(standard)
/** 0: none. */
const limit = z.coerce.number().int().min(0).optional()
/** Spans, in milliseconds. */
const spanMs = (standard: number) => z.coerce.number().int().min(1).max(86_400_000).default(standard)
const text = (standard: string) => z.string().min(1).default(standard)
const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((value) => value === 'true')

/** `id:base64` pairs, the first one in use, the others still accepted: so a key can be changed without a gap. */
const keyring = z.string().transform((value, context) => {
  const keys = value.split(',').map((pair) => {
    const at = pair.indexOf(':')
    return { id: pair.slice(0, at).trim(), secret: Buffer.from(pair.slice(at + 1).trim(), 'base64') }
  })
  if (keys.some((key) => !/^[\w-]{1,32}$/.test(key.id) || key.secret.length !== 32)) {
    context.addIssue({ code: 'custom', message: 'must be pairs like key1:<32 bytes in base64>, separated by commas' })
    return z.NEVER
  }
  if (new Set(keys.map((key) => key.id)).size < keys.length) {
    context.addIssue({ code: 'custom', message: 'must give each key an id of its own: two have the same' })
    return z.NEVER
  }
  return keys
})

const brokers = z
  .string()
  .transform((value) => value.split(',').map((broker) => broker.trim()))
  .pipe(z.array(z.string().regex(/^[\w.-]+:\d+$/, 'must be host:port, several separated by commas')).min(1))

/** The path of a PEM file, read once at the start. */
const pemFile = (kind: 'certificates' | 'key') =>
  z.string().transform((file, context) => {
    const read = readPem(file, kind)
    if ('pem' in read) return read.pem
    context.addIssue({ code: 'custom', message: read.problem })
    return z.NEVER
  })

const hosts = z
  .string()
  .transform((value) => value.split(',').map((host) => host.trim().toLowerCase()))
  .pipe(z.array(z.string().regex(/^[\w.:-]+$/, 'must be host names, several separated by commas')))

const kafka = {
  KAFKA_BROKERS: brokers,
  KAFKA_SSL: flag,
  /** Who signed the brokers' certificates; without it, the authorities that Node knows. */
  KAFKA_SSL_CA: pemFile('certificates').optional(),
  /** Our own certificate and its key, for brokers that know us by it (mTLS). */
  KAFKA_SSL_CERT: pemFile('certificates').optional(),
  KAFKA_SSL_KEY: pemFile('key').optional(),
  KAFKA_SASL_MECHANISM: z.enum(['scram-sha-512', 'scram-sha-256', 'plain']).optional(),
  KAFKA_SASL_USERNAME: z.string().optional(),
  KAFKA_SASL_PASSWORD: z.string().optional(),
  KAFKA_TOPIC: text('email-notifications'),
  KAFKA_DLQ_TOPIC: text('email-dlq'),
  KAFKA_GROUP_ID: text('messaging-service-group'),
  KAFKA_PARTITIONS: count(12),
  KAFKA_REPLICATION: count(1),
  /** How long Kafka keeps records; the truth stays in Postgres. */
  KAFKA_RETENTION_HOURS: count(168),
  /** A worker that is silent for so long loses its partitions. */
  KAFKA_SESSION_TIMEOUT_MS: spanMs(10_000),
  /** Above the session timeout: a SyncGroup waits for the session of a dead leader (RELIABILITY 0.4). */
  KAFKA_REQUEST_TIMEOUT_MS: spanMs(45_000),
}

/** Addresses, or whole domains as `@example.com`, with commas between. */
const guestList = z
  .string()
  .default('')
  .transform((value) =>
    value
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  )
  .pipe(
    z.array(
      z
        .string()
        .refine(
          isGuestEntry,
          'must be addresses such as a@example.com or domains such as @example.com, separated by commas',
        ),
    ),
  )

const webAddress = z.url({ protocol: /^https?$/ })

const database = {
  APP_ENV: z.enum(['local', 'production']).default('production'),
  /** Hosts of a network that nobody else can reach: lines to them need no encryption in production either. */
  PLAINTEXT_HOSTS: hosts.default([]),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must be a postgres:// address')
    .refine((value) => URL.canParse(value), 'must be a complete address: postgres://user:password@host:5432/name')
    .superRefine((value, context) => {
      const line = URL.canParse(value) ? postgresLine(value) : null
      if (line && 'problem' in line) context.addIssue({ code: 'custom', message: line.problem })
    }),
}

const common = {
  ...database,
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
  NEXTAUTH_URL: webAddress.default('http://localhost:3005'),
  STORE_URL: webAddress.default('http://localhost:3000'),
  SECRETS_KEYS: keyring,
  SIGNING_KEYS: keyring,
  SMTP_HOST: z.string().min(1),
  SMTP_USER: z.email().default('noreply@usualstore.com'),
  MAX_RETRIES: z.coerce.number().int().min(1).max(10).default(3),
  /** A mail that could not be sent for so long is given up; a password reset after 60 min. */
  MESSAGE_LIFE_HOURS: z.coerce.number().int().min(1).max(720).default(72),
  /** Of the whole installation; an API key may be stricter. */
  DELIVERY_MODE: z.enum(deliveryModes).default('live'),
  DELIVERY_GUEST_LIST: guestList,
  ...kafka,
}

const webSchema = z.object({
  ...common,
  NEXTAUTH_SECRET: z.string().min(32, 'must be at least 32 characters of random text'),
  /** How long a request waits for Kafka before it leaves the record to the relay. */
  PUBLISH_DEADLINE_MS: spanMs(300),
  DATABASE_POOL: count(10),
  /** Proxies of ours in front, each of which adds to X-Forwarded-For whom it was called by. */
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  /** Mails to one address, by one API key and by one member of staff, within a day (UTC); 0: no limit. */
  LIMIT_RECIPIENT_PER_DAY: limit,
  LIMIT_KEY_PER_DAY: limit,
  LIMIT_STAFF_PER_DAY: limit,
  /** Where a local stack is reached; both stand for our own pages there. */
  WEB_PORT: port(3005),
  API_PORT: port(4001),
})

const workerSchema = z.object({
  ...common,
  WORKER_PORT: port(6001),
  WORKER_HOST: text('127.0.0.1'),
  SMTP_PORT: port(2525),
  SMTP_USERNAME: z.string().optional(),
  SMTP_PASSWORD: z.string().optional(),
  /** TLS from the first byte (port 465). */
  SMTP_SECURE: flag,
  /** Refuse a server that offers no STARTTLS (port 587). */
  SMTP_REQUIRE_TLS: flag,
  SMTP_CONNECTIONS: count(10),
  /** The reply to the final dot. Shorter than RFC 5321's 10 min means more mails of which nobody knows. */
  SMTP_REPLY_TIMEOUT_MS: spanMs(300_000),
  /** A second way out, for while the first is out of order. */
  SMTP_FALLBACK_HOST: z.string().min(1).optional(),
  SMTP_FALLBACK_PORT: port(587),
  SMTP_FALLBACK_USERNAME: z.string().optional(),
  SMTP_FALLBACK_PASSWORD: z.string().optional(),
  SMTP_FALLBACK_SECURE: flag,
  SMTP_FALLBACK_REQUIRE_TLS: flag,
  SEND_RATE: sendRate.optional(),
  /** Records that carry no signature: of other producers. Standard: accept in the local stack, else quarantine. */
  FOREIGN_RECORDS: z.enum(['accept', 'quarantine', 'reject']).optional(),
  /** The first wait before a mail server that failed is probed; the next ones double, up to six times as long. */
  BREAKER_PROBE_MS: spanMs(5_000),
  /** First wait after a failed try; the next waits are four times as long each. */
  RETRY_BASE_MS: spanMs(30_000),
  HOLD_MS: spanMs(60_000),
  RELAY_POLL_MS: spanMs(500),
  /** The earliest second try after the line broke once the mail had left. */
  AMBIGUOUS_WAIT_MS: spanMs(300_000),
})

/** The logins of the two others, which the migration makes when they are named. */
const logins = {
  APP_DATABASE_URL: common.DATABASE_URL.optional(),
  WORKER_DATABASE_URL: common.DATABASE_URL.optional(),
}

const databaseSchema = z.object({ ...database, ...logins })

/** What is done on the server itself (server/admin.ts). */
const adminSchema = z.object({
  ...database,
  NEXTAUTH_URL: common.NEXTAUTH_URL,
  SMTP_USER: common.SMTP_USER,
  MAX_RETRIES: common.MAX_RETRIES,
  MESSAGE_LIFE_HOURS: common.MESSAGE_LIFE_HOURS,
  DELIVERY_MODE: common.DELIVERY_MODE,
  DELIVERY_GUEST_LIST: common.DELIVERY_GUEST_LIST,
})

const seedSchema = z.object({
  APP_ENV: z.literal('local', 'is not local: the known sign-in is only for the local stack'),
  DATABASE_URL: common.DATABASE_URL,
  LOCAL_ADMIN_EMAIL: z.email(),
  LOCAL_ADMIN_PASSWORD: z.string().min(8, 'must be at least 8 characters long'),
  LOCAL_API_KEY: z.string().startsWith('usk_', 'must begin with usk_').min(32, 'must be at least 32 characters long'),
})

const catcherSchema = z.object({
  MAIL_SMTP_PORT: port(2525),
  MAIL_UI_PORT: port(8025),
  STACK_DIR: text('.data'),
})

const stackSchema = z.object({
  WEB_PORT: port(3005),
  API_PORT: port(4001),
  WORKER_PORT: port(6001),
  KAFKA_PORT: port(9092),
  KAFKA_CONTROLLER_PORT: port(9094),
  POSTGRES_PORT: port(5433),
  MAIL_SMTP_PORT: port(2525),
  MAIL_UI_PORT: port(8025),
  STACK_DIR: text('.data'),
  LOG_LEVEL: common.LOG_LEVEL,
  DATABASE_URL: common.DATABASE_URL.optional(),
  ...logins,
  KAFKA_BROKERS: brokers.optional(),
  SMTP_HOST: z.string().min(1).optional(),
  NEXTAUTH_URL: webAddress.optional(),
  NEXTAUTH_SECRET: webSchema.shape.NEXTAUTH_SECRET.optional(),
  SECRETS_KEYS: z.string().optional(),
  SIGNING_KEYS: z.string().optional(),
})

const dayLimits = { LIMIT_RECIPIENT_PER_DAY: 50, LIMIT_KEY_PER_DAY: 10_000, LIMIT_STAFF_PER_DAY: 500 }

export type WebConfig = Omit<z.infer<typeof webSchema>, keyof typeof dayLimits> & typeof dayLimits
export type WorkerConfig = z.infer<typeof workerSchema> & { FOREIGN_RECORDS: 'accept' | 'quarantine' | 'reject' }
export type SendRate = NonNullable<WorkerConfig['SEND_RATE']>
export type StackConfig = z.infer<typeof stackSchema>
export type CatcherConfig = z.infer<typeof catcherSchema>
export type KafkaConfig = Pick<WebConfig, keyof typeof kafka>
export type Keyring = z.infer<typeof keyring>

type Environment = Record<string, string | undefined>

function read<T extends z.ZodType>(schema: T, environment: Environment): z.infer<T> {
  // An empty variable (`SMTP_USERNAME=` in a file) means "not set".
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const problems = result.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? 'environment')
    return given[name] === undefined ? `${name} is not set` : `${name} ${plain(issue)}`
  })
  throw new ConfigError(
    `${[...new Set(problems)].join('; ')}. Set it in .env or in the environment (see .env.example).`,
  )
}

function plain(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return issue.expected === 'int' ? 'must be a whole number' : 'must be a number'
  if (issue.code === 'invalid_value')
    return issue.message.startsWith('is ') ? issue.message : `must be one of: ${issue.values.join(', ')}`
  if (issue.code === 'too_small' && issue.origin === 'number')
    return `must be a whole number of at least ${issue.minimum}`
  if (issue.code === 'too_big' && issue.origin === 'number') return `must be a whole number of at most ${issue.maximum}`
  if (issue.code === 'invalid_format' && issue.format === 'url')
    return 'must be a web address that begins with http:// or https://'
  if (issue.code === 'invalid_format' && issue.format === 'email') return 'must be a mail address'
  return issue.message
}

/** Whoever tries out the local stack meets no limit of the day, unless one is set. */
export function readWebConfig(environment: Environment = process.env): WebConfig {
  const config = read(webSchema, environment)
  checkKafkaSignIn(config)
  checkWebAddress(config)
  refusePlaintext(config, [databaseLine(config), kafkaLine(config)])
  const standard = (name: keyof typeof dayLimits) => config[name] ?? (config.APP_ENV === 'local' ? 0 : dayLimits[name])
  return {
    ...config,
    LIMIT_RECIPIENT_PER_DAY: standard('LIMIT_RECIPIENT_PER_DAY'),
    LIMIT_KEY_PER_DAY: standard('LIMIT_KEY_PER_DAY'),
    LIMIT_STAFF_PER_DAY: standard('LIMIT_STAFF_PER_DAY'),
  }
}

export function readDatabaseConfig(environment: Environment = process.env): z.infer<typeof databaseSchema> {
  const config = read(databaseSchema, environment)
  refusePlaintext(config, [databaseLine(config)])
  return config
}

export function readAdminConfig(environment: Environment = process.env): z.infer<typeof adminSchema> {
  const config = read(adminSchema, environment)
  checkWebAddress(config)
  refusePlaintext(config, [databaseLine(config)])
  return config
}

export const readSeedConfig = (environment: Environment = process.env) => read(seedSchema, environment)
export const readCatcherConfig = (environment: Environment = process.env): CatcherConfig =>
  read(catcherSchema, environment)

/** Also checks what must stand in a relation, so that a wrong pair is refused at start and not found in an outage. */
export function readWorkerConfig(environment: Environment = process.env): WorkerConfig {
  const given = read(workerSchema, environment)
  const config = {
    ...given,
    FOREIGN_RECORDS:
      given.FOREIGN_RECORDS ?? (given.APP_ENV === 'local' ? ('accept' as const) : ('quarantine' as const)),
  }
  checkKafkaSignIn(config)
  checkWebAddress(config)
  refusePlaintext(config, [databaseLine(config), kafkaLine(config), ...smtpLines(config)])
  if (Boolean(config.SMTP_USERNAME) !== Boolean(config.SMTP_PASSWORD)) {
    throw new ConfigError('SMTP_USERNAME and SMTP_PASSWORD go together: set both, or neither.')
  }
  if (Boolean(config.SMTP_FALLBACK_USERNAME) !== Boolean(config.SMTP_FALLBACK_PASSWORD)) {
    throw new ConfigError('SMTP_FALLBACK_USERNAME and SMTP_FALLBACK_PASSWORD go together: set both, or neither.')
  }
  if (!config.SMTP_FALLBACK_HOST) {
    // Somebody counts on a second route that would not be there.
    const alone = ['SMTP_FALLBACK_USERNAME', 'SMTP_FALLBACK_PASSWORD', 'SMTP_FALLBACK_PORT'].find(
      (name) => environment[name],
    )
    if (alone)
      throw new ConfigError(`${alone} is set, but SMTP_FALLBACK_HOST is not: set it, or leave all of them empty.`)
  }
  if (config.KAFKA_REQUEST_TIMEOUT_MS <= config.KAFKA_SESSION_TIMEOUT_MS) {
    throw new ConfigError(
      'KAFKA_REQUEST_TIMEOUT_MS must be above KAFKA_SESSION_TIMEOUT_MS: joining the group waits for the session of a member that died.',
    )
  }
  if (config.HOLD_MS < 15_000) {
    throw new ConfigError('HOLD_MS must be at least 15000: a hold has to outlive the pause between two renewals.')
  }
  return config
}

/** Somebody counts on a sign-in or an encryption that would not be there. */
function checkKafkaSignIn(config: KafkaConfig): void {
  const { KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD, KAFKA_SSL } = config
  const given = [KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD].filter(Boolean).length
  if (given !== 0 && given !== 3) {
    throw new ConfigError(
      'KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD go together: set all three, or none.',
    )
  }
  if (KAFKA_SASL_MECHANISM === 'plain' && !KAFKA_SSL) {
    throw new ConfigError(
      'KAFKA_SASL_MECHANISM is plain, which sends the password as it is: set KAFKA_SSL=true, or use scram-sha-512.',
    )
  }
  if (Boolean(config.KAFKA_SSL_CERT) !== Boolean(config.KAFKA_SSL_KEY)) {
    throw new ConfigError('KAFKA_SSL_CERT and KAFKA_SSL_KEY go together: set both, or neither.')
  }
  if (config.KAFKA_SSL_CERT && config.KAFKA_SSL_KEY && !belongTogether(config.KAFKA_SSL_CERT, config.KAFKA_SSL_KEY)) {
    throw new ConfigError('KAFKA_SSL_KEY is not the key of KAFKA_SSL_CERT.')
  }
  const unused = (['KAFKA_SSL_CA', 'KAFKA_SSL_CERT'] as const).find((name) => config[name])
  if (unused && !KAFKA_SSL) {
    throw new ConfigError(
      `${unused} is set, but KAFKA_SSL is not true: nothing would be encrypted. Set KAFKA_SSL=true.`,
    )
  }
}

type Transport = Pick<WorkerConfig, 'APP_ENV' | 'PLAINTEXT_HOSTS' | 'DATABASE_URL'>

/** The session cookie goes there, and so do the links in mails. */
function checkWebAddress({ APP_ENV, NEXTAUTH_URL }: Pick<WorkerConfig, 'APP_ENV' | 'NEXTAUTH_URL'>): void {
  const { protocol, hostname } = new URL(NEXTAUTH_URL)
  if (APP_ENV === 'local' || protocol === 'https:' || isLoopback(hostname)) return
  throw new ConfigError(
    `NEXTAUTH_URL begins with http://, so sessions and links to ${hostname} would travel unencrypted: set it to the https:// address of the dashboard.`,
  )
}

/** In production no line leaves this machine unencrypted, unless it is named in PLAINTEXT_HOSTS. */
function refusePlaintext({ APP_ENV, PLAINTEXT_HOSTS }: Transport, lines: readonly (PlainLine | null)[]): void {
  if (APP_ENV === 'local') return
  const plain = lines.filter((line) => line !== null)
  const refusals = plaintextRefusals(plain, PLAINTEXT_HOSTS)
  if (refusals.length > 0) throw new ConfigError(refusals.join(' '))
}

function databaseLine({ DATABASE_URL }: Transport): PlainLine | null {
  const line = postgresLine(DATABASE_URL)
  if ('problem' in line || line.ssl) return null
  return { variable: 'DATABASE_URL', hosts: [line.host], remedy: 'sslmode=verify-full in it' }
}

const kafkaLine = ({ KAFKA_SSL, KAFKA_BROKERS }: KafkaConfig): PlainLine | null =>
  KAFKA_SSL
    ? null
    : {
        variable: 'KAFKA_BROKERS',
        hosts: [...new Set(KAFKA_BROKERS.map((broker) => broker.replace(/:\d+$/, '')))],
        remedy: 'KAFKA_SSL=true',
      }

/** STARTTLS that is taken when it is offered is no protection: whoever is on the way takes the offer out. */
function smtpLines(config: WorkerConfig): (PlainLine | null)[] {
  return (['SMTP', 'SMTP_FALLBACK'] as const).map((route) => {
    const host = config[`${route}_HOST`]
    if (!host || config[`${route}_SECURE`] || config[`${route}_REQUIRE_TLS`]) return null
    return {
      variable: `${route}_HOST`,
      hosts: [host],
      remedy: `${route}_REQUIRE_TLS=true (as on port 587) or ${route}_SECURE=true (as on port 465)`,
    }
  })
}

/** Two parts on one port would fail one after the other; said here at once. */
export function readStackConfig(environment: Environment = process.env): StackConfig {
  const config = read(stackSchema, environment)
  const seen = new Map<number, string>()
  for (const name of [
    'WEB_PORT',
    'API_PORT',
    'WORKER_PORT',
    'KAFKA_PORT',
    'KAFKA_CONTROLLER_PORT',
    'POSTGRES_PORT',
    'MAIL_SMTP_PORT',
    'MAIL_UI_PORT',
  ] as const) {
    const other = seen.get(config[name])
    if (other) throw new ConfigError(`${name} and ${other} are both ${config[name]}: give each its own port.`)
    seen.set(config[name], name)
  }
  return config
}

/** Every variable that an operator may set, for .env.example's test. */
export const variableNames = (): string[] => [
  ...new Set([webSchema, workerSchema, stackSchema].flatMap((schema) => Object.keys(schema.shape))),
]
