import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** What Prometheus reads from :6001/metrics. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
    attempts: new Counter({
      name: 'email_attempts_total',
      help: 'Tries, by what they came to',
      labelNames: ['outcome'],
      registers,
    }),
    attemptSeconds: new Histogram({
      name: 'email_attempt_seconds',
      help: 'From the hold to the decision',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers,
    }),
    records: new Counter({
      name: 'kafka_records_total',
      help: 'Records read, by what became of them',
      labelNames: ['outcome'],
      registers,
    }),
    published: new Counter({
      name: 'outbox_published_total',
      help: 'Records published by the relay',
      labelNames: ['kind'],
      registers,
    }),
    takenOver: new Counter({ name: 'holds_taken_over_total', help: 'Messages whose worker was lost', registers }),
    smtpOpened: new Counter({
      name: 'smtp_connections_opened_total',
      help: 'SMTP connections made; far fewer than mails when they are reused',
      registers,
    }),
    breakerOpen: new Gauge({
      name: 'smtp_breaker_open',
      help: '1 while nobody sends on this route, or only single mails try it',
      labelNames: ['route'],
      registers,
    }),
    lag: new Gauge({ name: 'kafka_group_lag', help: 'Records that the group has not committed yet', registers }),
  }
}

export type Metrics = ReturnType<typeof createMetrics>
