import { useState } from 'react'
import { api, ApiError } from './api'

type Send = typeof api
type Change = { method: 'POST' | 'PATCH' | 'PUT' | 'DELETE'; body?: unknown }
export type Once = <T>(path: string, change: Change) => Promise<T>

/**
 * Calls that change something, each under an Idempotency-Key. Where no answer came, or the server failed, nobody knows whether it
 * was done: the same call goes out under the same key again, and is not done twice. Whatever else was answered ends the key.
 */
export function calledOnce(send: Send = api, newKey = randomKey): Once {
  let open: { call: string; key: string } | null = null
  return async <T>(path: string, change: Change) => {
    const call = JSON.stringify([change.method, path, change.body])
    const { key } = open?.call === call ? open : { key: newKey() }
    open = { call, key }
    try {
      const answer = await send<T>(path, { ...change, key })
      open = null
      return answer
    } catch (error) {
      const isUnknown = error instanceof ApiError && (error.status === 0 || error.status >= 500)
      if (!isUnknown) open = null
      throw error
    }
  }
}

/** The calls of one dialog, or of one part of a page: what is done there later, after an answer, is a new thing. */
export function useOnce(): Once {
  const [once] = useState(() => calledOnce())
  return once
}

/** On a page without TLS a browser has no crypto.randomUUID. */
const randomKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
