import { dashboard } from './dashboard'
import { pageLoads } from './pages'
import { road } from './road'

const benches: Record<string, () => Promise<void>> = {
  /** Every list, search and page at the server with a million messages, then every page in a browser. */
  async dashboard() {
    await dashboard()
    await pageLoads()
  },
  pages: pageLoads,
  road,
}

const [name = ''] = process.argv.slice(2)
const bench = benches[name]
if (bench) {
  await bench()
} else {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(benches).join(' | ')}\n`)
  process.exitCode = 2
}
