// Stands in for one of our programs: node stand-in.mjs <part>. Answers 200 to everything, and notes its end in STACK_DIR/ended.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const part = process.argv[2]
const { PORT, WORKER_PORT, MAIL_UI_PORT, STACK_DIR, STAND_IN_FAILS, STAND_IN_HANGS } = process.env
const note = (what) => appendFileSync(join(STACK_DIR, 'ended'), `${what}\n`)

if (part === STAND_IN_FAILS) {
  console.error(`${part} cannot work like this`)
  process.exit(3)
}
if (part === 'migrate' || part === 'seed') {
  note(part)
  process.exit(0)
}
process.on('SIGTERM', () => void end())
async function end() {
  note(`${part} asked`)
  if (part === STAND_IN_HANGS) return
  await sleep(part === 'worker' ? 500 : 0) // finishes the mail whose body has begun
  note(`${part} ended`)
  process.exit(0)
}
createServer((call, answer) => {
  let body = ''
  call.on('data', (chunk) => (body += chunk))
  call.on('end', () => {
    const { DATABASE_URL, KAFKA_BROKERS, SMTP_HOST, SMTP_PORT, NEXTAUTH_URL, APP_ENV } = process.env
    const environment = { DATABASE_URL, KAFKA_BROKERS, SMTP_HOST, SMTP_PORT, NEXTAUTH_URL, APP_ENV }
    answer.setHeader('content-type', 'application/json')
    answer.end(JSON.stringify({ part, url: call.url, method: call.method, headers: call.headers, body, environment }))
  })
}).listen(Number({ web: PORT, worker: WORKER_PORT, catcher: MAIL_UI_PORT }[part]), '127.0.0.1')
