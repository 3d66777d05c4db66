import { dashboard } from './dashboard'
import { road } from './road'

const benches: Record<string, () => Promise<void>> = { dashboard, road }

const [name = ''] = process.argv.slice(2)
const bench = benches[name]
if (bench) {
  await bench()
} else {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(benches).join(' | ')}\n`)
  process.exitCode = 2
}
