import { readFileSync } from 'node:fs'
import { callApi, expect, freshAddress, signIn, test } from './fixtures'

test('an administrator finds who did what, opens it, and takes it away without a formula', async ({ page }) => {
  const email = freshAddress('formula')
  const user = { first_name: '=HYPERLINK("https://evil.example")', last_name: 'Sample', email, welcome: false }
  const { id } = (await (await callApi('POST', '/api/users', user)).json()) as { id: number }

  await signIn(page)
  await page.getByRole('navigation', { name: 'Main' }).first().getByRole('link', { name: 'Audit' }).click()
  await expect(page.getByRole('heading', { name: 'Audit', level: 1 })).toBeVisible()
  await page.getByRole('button', { name: /^What/ }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Created the account' }).click()
  await page.keyboard.press('Escape')
  await page.getByRole('searchbox', { name: 'Name, address or id' }).fill(`user:${id}`)
  await expect(page).toHaveURL(new RegExp(`action=user.created.*search=user%3A${id}`))
  const rows = page.getByRole('table', { name: 'Audit' }).locator('tbody tr')
  await expect(rows).toHaveCount(1)
  await expect(rows).toContainText('API key "local"')

  const started = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Export as CSV' }).click()
  const download = await started
  expect(download.suggestedFilename()).toMatch(/^audit-\d{4}-\d\d-\d\d\.csv$/)
  const lines = readFileSync(await download.path(), 'utf8')
    .trimEnd()
    .split('\r\n')
  expect(lines).toHaveLength(2)
  expect(lines[1]).toContain(`"'=HYPERLINK(""https://evil.example"") Sample","user:${id}"`)

  await rows.getByRole('link', { name: 'Created the account' }).click()
  await expect(page).toHaveURL(/entry=\d+/)
  const dialog = page.getByRole('dialog', { name: 'Created the account' })
  await expect(dialog.getByRole('table', { name: 'What changed' })).toContainText(email)
  await dialog.getByRole('button', { name: 'Everything about this' }).click()
  await expect(page).toHaveURL(new RegExp(`target=user%3A${id}`))
  await expect(rows).toHaveCount(1)
})
