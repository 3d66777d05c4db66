// `npm start`: works in a fresh clone, without node_modules. Loads .env, installs what is missing, then hands over to the
// launcher (main.ts) in this same process, so that signals and the exit code are its own.
import { existsSync } from 'node:fs'
import { installWhenChanged } from './install.mjs'

await installWhenChanged()
if (existsSync('.env')) process.loadEnvFile('.env')
const { register } = await import('tsx/esm/api')
register()
const { main } = await import('./main.ts')
await main(process.argv.slice(2), process.env)
