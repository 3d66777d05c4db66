// After `next build`: bundles the worker and the scripts into dist/, and completes the standalone web server.
import { cpSync, existsSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

import { build } from 'esbuild'

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))))

const PROGRAMS = {
  worker: 'worker/main.ts',
  catcher: 'stack/catcher/main.ts',
  migrate: 'db/migrate.ts',
  'seed-local': 'db/seed-local.ts',
  admin: 'server/admin.ts',
}
const sources = Object.entries(PROGRAMS).filter(([, source]) => existsSync(source))

await build({
  entryPoints: Object.fromEntries(sources),
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  jsx: 'automatic',
  sourcemap: true,
  legalComments: 'none',
  external: ['@node-rs/argon2'], // native: loaded from node_modules
  define: { 'process.env.NODE_ENV': '"production"' },
  // Bundled CommonJS packages still ask for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
})

if (existsSync('.next/standalone')) {
  rmSync('.next/standalone/.next/static', { recursive: true, force: true })
  cpSync('.next/static', '.next/standalone/.next/static', { recursive: true })
  if (existsSync('public')) cpSync('public', '.next/standalone/public', { recursive: true })
}
