import type { Instrumentation } from 'next'

/** Runs once, before the first request: a bad variable stops the start with one sentence instead of failing each request. */
export async function register() {
  // Next sets this one itself, and compiles this file for its edge runtime too, where there is no Postgres.
  if (process.env['NEXT_RUNTIME'] !== 'nodejs') return
  const { start } = await import('./server/start')
  start()
}

/** A page that could not be made. Next prints the fault too; this line is one of our log, and has the page's digest. */
export const onRequestError: Instrumentation.onRequestError = async (error, request) => {
  if (process.env['NEXT_RUNTIME'] !== 'nodejs') return
  const { reportPageFailure } = await import('./server/start')
  reportPageFailure(error, request)
}
