import { randomInt } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'

/** Ports below this are never given to outgoing connections, so one found free stays free until it is bound. */
const FREE_PORTS = { from: 20_000, to: 32_000 }
const handedOut = new Set<number>()

/** A port nobody listens on; never the same twice in one process. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FREE_PORTS.from, FREE_PORTS.to)
    if (handedOut.has(port) || !(await isFree(port))) continue
    handedOut.add(port)
    return port
  }
}

/** Free on both loopbacks: whoever holds only ::1 would get what browsers send to `localhost`. */
export async function isFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, '::1'))
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false)
      else if (host === '::1') resolve(true) // a machine without IPv6
      else reject(error)
    })
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** Whether something accepts connections there, within `timeoutMs`. */
export function canConnect(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs })
    const settle = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => settle(true))
    socket.once('timeout', () => settle(false))
    socket.once('error', () => settle(false))
  })
}

/** `node (pid 4242)` where the system tells (Linux, and only processes we may look at). */
export function holderOf(port: number): string | undefined {
  const listening = '0A'
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    read(table)
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[1]?.endsWith(`:${hexPort}`) && fields[3] === listening)
      .map((fields) => `socket:[${fields[9]}]`),
  )
  if (sockets.length === 0) return undefined
  const pid = list('/proc').find(
    (entry) =>
      /^\d+$/.test(entry) && list(`/proc/${entry}/fd`).some((fd) => sockets.includes(link(`/proc/${entry}/fd/${fd}`))),
  )
  const program = read(`/proc/${pid}/comm`).trim().split(/\s/)[0] // some put more than their name there
  return pid && `${program} (pid ${pid})`
}

const orEmpty =
  <T>(look: (path: string) => T, empty: T) =>
  (path: string): T => {
    try {
      return look(path)
    } catch {
      return empty // not Linux, not ours to look at, or gone meanwhile: then the message just names nobody
    }
  }
const read = orEmpty((path) => readFileSync(path, 'utf8'), '')
const list = orEmpty((path) => readdirSync(path), [])
const link = orEmpty((path) => readlinkSync(path), '')
