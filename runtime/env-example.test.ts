import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { variableNames } from './config'

/** Read by docker-compose.yml alone. */
const composeOnly = ['POSTGRES_PASSWORD']

test('.env.example names every variable that the product reads, each once, and no other', () => {
  const example = readFileSync(fileURLToPath(new URL('../.env.example', import.meta.url)), 'utf8')
  const named = [...example.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => String(name))
  expect(named.toSorted()).toEqual([...variableNames(), ...composeOnly].toSorted())
})

test('.env.example holds no secret', () => {
  const example = readFileSync(fileURLToPath(new URL('../.env.example', import.meta.url)), 'utf8')
  expect([...example.matchAll(/^[A-Z_]+=(.+)$/gm)].map(([line]) => line)).toEqual([])
})
