import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { variableNames } from './config'

const read = (file: string) => readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), 'utf8')
const example = read('.env.example')
const named = [...example.matchAll(/^(\w+)=/gm)].map(([, name]) => name)

/** Read by docker-compose.yml alone. */
const composeOnly = ['POSTGRES_PASSWORD', 'APP_DATABASE_PASSWORD', 'WORKER_DATABASE_PASSWORD']
/** What the containers have no use for: parts of the local stack, an address that is fixed in the image, and the ways into another Kafka. */
const withoutCompose = [
  'KAFKA_PORT',
  'KAFKA_CONTROLLER_PORT',
  'POSTGRES_PORT',
  'STACK_DIR',
  'WORKER_HOST',
  'KAFKA_SSL',
  'KAFKA_SSL_CA',
  'KAFKA_SSL_CERT',
  'KAFKA_SSL_KEY',
  'KAFKA_SASL_MECHANISM',
  'KAFKA_SASL_USERNAME',
  'KAFKA_SASL_PASSWORD',
]

test('.env.example names every variable that the product reads, each once, and no other', () => {
  const twice = named.filter((name, at) => named.indexOf(name) !== at)
  expect({ named: new Set(named), twice }).toEqual({ named: new Set([...variableNames(), ...composeOnly]), twice: [] })
})

test('.env.example says of each variable what it is, in the line above', () => {
  const undescribed = [...example.matchAll(/^(?!# \w).*\n(\w+)=/gm)].map(([, name]) => name)
  expect(undescribed).toEqual([])
})

test('.env.example holds no value, so no secret', () => {
  expect(example.match(/^\w+=.+$/gm)).toBeNull()
})

test('docker-compose.yml takes every variable of .env.example that concerns a container', () => {
  const compose = read('docker-compose.yml')
  const ignored = named.filter((name) => !new RegExp(String.raw`\b${name}\b`).test(compose))
  expect(new Set(ignored)).toEqual(new Set(withoutCompose))
})
