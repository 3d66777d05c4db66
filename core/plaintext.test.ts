import { expect, test } from 'vitest'
import { isLoopback, plaintextRefusals, plaintextWarning } from './plaintext'

test.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.8.9.10', '::1', '[::1]'])('%s is this machine', (host) => {
  expect(isLoopback(host)).toBe(true)
})

test.each(['kafka', '10.0.0.1', '1127.0.0.1', '127.0.0.1.example.com', 'localhost.example.com', '127.1', '::', ''])(
  '%s is another one',
  (host) => {
    expect(isLoopback(host)).toBe(false)
  },
)

const line = (...hosts: string[]) => ({ variable: 'KAFKA_BROKERS', hosts, remedy: 'KAFKA_SSL=true' })

test('a line to another machine is refused in a sentence with the variable and what to set', () => {
  expect(plaintextRefusals([line('localhost', 'k1.example', 'k2.example')], [])).toEqual([
    'KAFKA_BROKERS names k1.example, k2.example, and nothing on the way there would be encrypted: set KAFKA_SSL=true; or, only for a network that nobody else can reach, list them in PLAINTEXT_HOSTS.',
  ])
})

test('a host that is listed is taken, whatever its case, and only that one', () => {
  expect(plaintextRefusals([line('Kafka')], ['kafka'])).toEqual([])
  expect(plaintextRefusals([line('kafka.example')], ['kafka', 'example'])).toHaveLength(1)
})

test('what is listed is said once at the start', () => {
  expect(plaintextWarning([])).toBeNull()
  expect(plaintextWarning(['kafka', 'postgres'])).toMatch(/^PLAINTEXT_HOSTS is set: lines to kafka, postgres need not/)
})
