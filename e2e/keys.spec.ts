import { callApi, expect, expectAccessible, freshAddress, mailTo, signIn, test } from './fixtures'

test('a key for guests only: made here, its mail to a stranger is held, released and arrives; revoked, it opens nothing', async ({
  page,
}) => {
  const guest = freshAddress('guest')
  const stranger = freshAddress('stranger')
  const name = `Trial ${stranger}`
  await signIn(page)
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'API keys' }).click()
  await page.getByRole('button', { name: 'Create key' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByRole('radio', { name: 'Guest list only' }).check()
  await dialog.getByLabel('Guest list', { exact: true }).fill(guest)
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Create key' }).click()
  const secret = (await dialog.getByTestId('secret').textContent()) ?? ''
  expect(secret).toMatch(/^usk_[\w-]{43}$/)
  await expectAccessible(page)
  // Said inside of the dialog: what stands outside is hidden from a screen reader, and found by no role.
  await dialog.getByRole('button', { name: 'Copy the key' }).click()
  await expect(page.getByRole('status').filter({ hasText: /copied/i })).toHaveCount(1)
  await dialog.getByRole('button', { name: 'I have copied it' }).click()
  await expect(page.getByText(secret)).toHaveCount(0)
  const row = page.getByRole('listitem').filter({ hasText: name })
  await expect(row).toContainText('Guest list only')
  await expectAccessible(page)

  const send = (to: string) =>
    callApi('POST', '/api/messaging/send', { to, subject: 'A trial', message: 'Hello.' }, secret)
  const sent = await send(stranger)
  expect(sent.status).toBe(202)
  expect(sent.headers.get('ratelimit-limit')).toBe('600')
  expect((await send(guest)).status).toBe(202)
  expect((await mailTo(guest)).Subject).toBe('A trial')

  const { id } = (await sent.json()) as { id: string }
  await page.goto(`/support/messages/${id}`)
  await expect(page.getByText('Held', { exact: true })).toBeVisible()
  await expect(page.getByText(/It is held, because this address is not on the guest list/)).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Release it' }).click()
  await expect(page.getByText('Sent', { exact: true })).toBeVisible()
  expect((await mailTo(stranger)).Subject).toBe('A trial')
  await expect(page.getByText(/^Released by /)).toBeVisible()

  await page.goto('/support/api-keys')
  await row.getByRole('button', { name: 'Revoke' }).click()
  await expect(page.getByRole('button', { name: 'Revoke key' })).toBeDisabled()
  await page.getByRole('dialog').getByLabel('Its name').fill(name)
  await page.getByRole('button', { name: 'Revoke key' }).click()
  await expect(row).toContainText('Revoked')
  const refused = await send(guest)
  expect([refused.status, ((await refused.json()) as { message: string }).message]).toEqual([
    401,
    'This API key was revoked.',
  ])
})
