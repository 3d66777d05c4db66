/** Runs once, before the first request: a bad variable stops the start with one sentence instead of failing each request. */
export async function register() {
  // Next sets this one itself, and compiles this file for its edge runtime too, where there is no Postgres.
  if (process.env['NEXT_RUNTIME'] !== 'nodejs') return
  const { start } = await import('./server/start')
  start()
}
