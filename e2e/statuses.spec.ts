import { execFileSync } from 'node:child_process'
import { callApi, createUser, expect, freshAddress, mailTo, signIn, stack, test } from './fixtures'

const send = async (to: string): Promise<string> => {
  const answer = (await (
    await callApi('POST', '/api/messaging/send', { to, subject: 'Your order', message: 'It is on its way.' })
  ).json()) as { id: string }
  return answer.id
}

test('queued, sending, sent: the page of the message follows without a reload', async ({ page }) => {
  await signIn(page)
  const id = await send(freshAddress('slow'))
  await page.goto(`/support/messages/${id}`)
  await expect(page.getByText('Sending', { exact: true })).toBeVisible()
  await expect(page.getByText('Sent', { exact: true })).toBeVisible({ timeout: 15_000 })
  await expect(
    page
      .getByText(/^Yes\./)
      .or(page.getByText('Yes.'))
      .first(),
  ).toBeVisible()
})

for (const { local, chip, words } of [
  { local: '550', chip: 'Dead', words: 'the mailbox does not exist' },
  { local: '552', chip: 'Dead', words: 'the mail is too big for it' },
  { local: '451', chip: 'Dead', words: 'All 4 tries are used up' },
  { local: '451-twice', chip: 'Sent', words: 'accepted it' },
  { local: 'drop-after-dot', chip: 'May have been delivered', words: 'Nothing is sent again by itself' },
]) {
  test(`${local}@ ends as ${chip} and says why`, async ({ page }) => {
    test.setTimeout(240_000)
    await signIn(page)
    const id = await send(freshAddress(local))
    await page.goto(`/support/messages/${id}`)
    await expect(page.getByText(words).first()).toBeVisible({ timeout: 120_000 })
    await expect(
      page
        .locator('main')
        .getByText(new RegExp(`^${chip}$`))
        .first(),
    ).toBeVisible()
  })
}

test.describe('with Kafka stopped', () => {
  test.use({ expectedErrors: [/Failed to load resource/] })

  test('creating a user still succeeds at once, the page says what it waits for, and the mail goes out afterwards', async ({
    page,
  }) => {
    test.setTimeout(300_000)
    await signIn(page)
    const kafka = stack().pids.kafka ?? 0
    process.kill(kafka, 'SIGSTOP')
    try {
      const started = performance.now()
      const answer = await callApi('POST', '/api/users', {
        first_name: 'Api',
        last_name: 'Caller',
        email: freshAddress('waits'),
      })
      expect(answer.status).toBe(201)
      expect(performance.now() - started).toBeLessThan(1_000)

      const email = freshAddress('waits')
      await createUser(page, { first: 'Ada', last: 'Waits', email, role: 'User' })
      await expect(
        page
          .getByRole('dialog')
          .getByText(/waiting for Kafka/i)
          .first(),
      ).toBeVisible()
      process.kill(kafka, 'SIGCONT')
      await expect(page.getByRole('dialog').getByText('Sent', { exact: true })).toBeVisible({ timeout: 90_000 })
      expect((await mailTo(email)).Subject).toContain('Welcome')
    } finally {
      process.kill(kafka, 'SIGCONT')
    }
  })
})

test.describe('while Postgres is silent', () => {
  test.use({ expectedErrors: [/status of 50[03]|digest|Server Components render|Minified React error/i] })

  test('a page that was asked for comes by itself once it answers again', async ({ page }) => {
    await signIn(page)
    const postgres = stack().pids.postgres ?? 0
    const all = [postgres, ...childrenOf(postgres)]
    for (const pid of all) process.kill(pid, 'SIGSTOP')
    try {
      await page.goto('/support/messages')
      await expect(page.getByRole('heading', { name: 'This page could not be shown' })).toBeVisible()
      await expect(page.getByText('It is tried again by itself every few seconds.')).toBeVisible()
    } finally {
      for (const pid of all) process.kill(pid, 'SIGCONT')
    }
    await expect(page.getByRole('heading', { name: 'Messages' })).toBeVisible({ timeout: 60_000 })
  })
})

const childrenOf = (pid: number): number[] =>
  execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .trim()
    .split(/\s+/)
    .map(Number)
