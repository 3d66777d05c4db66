import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { ConfigError } from '@/runtime/config'
import { createLog, type Logger } from '@/runtime/log'
import { createHttp } from './http'
import { createSmtp } from './smtp'
import { MailStore } from './store'

export interface CatcherOptions {
  /** 0 takes any free port. */
  smtpPort: number
  uiPort: number
  /** Where the mails are kept. */
  dir: string
  /** How many mails are kept; the oldest go first. */
  keep?: number
  log?: Logger
}

export interface Catcher {
  smtpPort: number
  uiPort: number
  /** Cuts what is open, writes what is not on the disk yet. */
  close(): Promise<void>
}

/** Starts the mail catcher on 127.0.0.1; resolves once both ports listen. */
export async function startCatcher(options: CatcherOptions): Promise<Catcher> {
  const { smtpPort, uiPort, dir, keep = 5_000, log = createLog('catcher', 'silent') } = options
  const store = new MailStore({ dir, keep, log })
  const smtp = createSmtp(store, log)
  const http = createHttp({ store, counts: smtp.counts, dir, log })

  async function closePorts(): Promise<void> {
    const httpClosed = http.listening ? once(http, 'close') : undefined
    http.close()
    http.closeAllConnections()
    await smtp.close()
    await httpClosed
  }

  try {
    const ports = {
      uiPort: await listen(http, uiPort, 'MAIL_UI_PORT'),
      smtpPort: await listen(smtp.server.server, smtpPort, 'MAIL_SMTP_PORT'),
    }
    store.open()
    return { ...ports, close: () => closePorts().then(() => store.close()) }
  } catch (error) {
    await closePorts()
    throw error
  }
}

async function listen(server: Server, port: number, variable: string): Promise<number> {
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const sentence =
      code === 'EADDRINUSE'
        ? `Port ${port} is taken: stop what uses it, or set ${variable} to a free port.`
        : `Port ${port} could not be opened (${code}): set ${variable} to a free port.`
    throw new ConfigError(sentence, { cause: error })
  }
  return (server.address() as AddressInfo).port
}
