import { readFileSync } from 'node:fs'
import { callApi, expect, expectAccessible, freshAddress, mailTo, signIn, test } from './fixtures'

const send = (to: string, subject: string) =>
  callApi('POST', '/api/messaging/send', { to, subject, message: 'Hello' }).then((answer) => answer.json())

test('a supporter narrows the messages down, goes back and forth, and takes them away as a file', async ({ page }) => {
  const [sent, dead] = [freshAddress('narrow'), freshAddress('550')]
  const word = `Order ${process.pid}`
  await send(sent, `${word} has left`)
  await send(dead, `=${word} could not be delivered`)
  await mailTo(sent)

  await signIn(page)
  await page.goto('/support/messages')
  const rows = page.getByRole('table', { name: 'Messages' }).locator('tbody tr')
  await page.getByRole('searchbox', { name: 'Recipient or subject' }).fill(word)
  await expect(rows).toHaveCount(2)
  await expect(page).toHaveURL(/search=Order/)
  await expect(page.getByRole('heading', { level: 1 }).locator('..')).toContainText('2 of ')

  await test.step('a status, chosen and taken away', async () => {
    await page.getByRole('button', { name: /^Status/ }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Dead', exact: true }).click()
    await page.keyboard.press('Escape')
    await expect(rows).toHaveCount(1)
    await expect(rows).toContainText(dead)
    await expect(page).toHaveURL(/status=dead/)
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Clear the filter Status' }).click()
    await expect(rows).toHaveCount(2)
    await page.goBack()
    await expect(rows).toHaveCount(1)
    await page.goForward()
    await expect(rows).toHaveCount(2)
  })

  await test.step('the value of a cell, by the keyboard', async () => {
    const only = page.getByRole('button', { name: `Only messages to ${sent}` })
    await only.focus()
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/\/support\/messages\?.*address=narrow/)
    await expect(rows).toHaveCount(1)
    await page.getByRole('button', { name: 'Only messages by API key "local"' }).click()
    await page.getByRole('button', { name: 'Only messages with the template plain' }).click()
    await expect(page).toHaveURL(/sender=API.*template=plain/)
    await expect(rows).toHaveCount(1)
  })

  await test.step('a time', async () => {
    await page.getByRole('button', { name: /^Asked for/ }).click()
    await page.getByRole('menuitemradio', { name: 'last hour' }).click()
    await expect(page).toHaveURL(/within=1h/)
    await expect(rows).toHaveCount(1)
    await page.getByRole('button', { name: /^Asked for/ }).click()
    await page.getByRole('menuitemradio', { name: 'between two days' }).click()
    // Typed digit by digit: until the year is whole, it is no day yet.
    const until = page.getByLabel('Until')
    const entries = await page.evaluate(() => window.history.length)
    await expect(page.getByRole('menu')).toHaveCount(0)
    await until.pressSequentially('01012020')
    await expect(page.getByText('No message matches')).toBeVisible()
    await expect(page).toHaveURL(/until=2020-01-01T22/) // the end of that day in Kyiv
    await expect(until).toHaveValue('2020-01-01')
    expect(await page.evaluate(() => window.history.length)).toBe(entries + 1)
  })

  await test.step('all at once taken away', async () => {
    await page.getByRole('button', { name: 'Clear filters' }).first().click()
    await expect(page).toHaveURL(/\/support\/messages$/)
    await expect(rows.first()).toBeVisible()
    expect(await rows.count()).toBeGreaterThan(1)
  })

  await test.step('the file', async () => {
    await page.goto(`/support/messages?search=${encodeURIComponent(word)}`)
    const started = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Export 2 as CSV' }).click()
    const download = await started
    expect(download.suggestedFilename()).toMatch(/^messages-\d{4}-\d\d-\d\d\.csv$/)
    const text = readFileSync(await download.path(), 'utf8')
    expect(text.startsWith('\uFEFF"Asked for (UTC)"')).toBe(true)
    const lines = text.trimEnd().split('\r\n')
    expect(lines).toHaveLength(3)
    expect(lines[1]).toContain(`"'=${word} could not be delivered"`)
    expect(text).not.toContain('Hello')
  })
})

test('people are found by name, by state and by their mail, and turned through by cursor', async ({ page }) => {
  const word = `Cursor${process.pid}`
  for (const [index, first] of ['Ada', 'Bea', 'Cem', 'Dan'].entries()) {
    const email = freshAddress(index === 0 ? '550' : 'page')
    await callApi('POST', '/api/users', { first_name: first, last_name: word, email, welcome: index < 2 })
    if (index === 1) await mailTo(email)
  }
  await signIn(page)
  await page.goto('/support/users')
  const rows = page.getByRole('table', { name: 'Users' }).locator('tbody tr')
  const search = page.getByRole('searchbox', { name: 'Name, address, ID, role or date' })
  await search.fill(`${word} bea`)
  await expect(rows).toHaveCount(1)
  await search.fill(word)
  await expect(rows).toHaveCount(4)

  await page.getByRole('button', { name: /^Last mail/ }).click()
  await page.getByRole('menuitemradio', { name: 'Not accepted' }).click()
  await expect(rows).toHaveCount(1)
  await expect(rows).toContainText('Ada')
  await expect(page).toHaveURL(/mail=not_accepted/)
  await page.getByRole('button', { name: 'Clear the filter Last mail' }).click()
  await page.getByRole('button', { name: 'Account Any' }).click()
  await page.getByRole('menuitemradio', { name: 'Disabled' }).click()
  await expect(page.getByText(`No user matches “${word}”`)).toBeVisible()
  await page.goBack()
  await expect(rows).toHaveCount(4)
  await expectAccessible(page)

  await page.goto(`/support/users?search=${word}&page_size=3&sort_by=first_name&sort_order=asc`)
  await expect(rows).toHaveCount(3)
  await page.getByRole('button', { name: 'Next' }).click()
  await expect(rows).toHaveCount(1)
  await expect(rows).toContainText('Dan')
  await expect(page.getByText('Page 2, by name')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Next' })).toBeDisabled()
  await page.reload()
  await expect(rows).toContainText('Dan')
  await page.getByRole('button', { name: 'Previous' }).click()
  await expect(rows).toHaveCount(3)
})

test.describe('on a phone', () => {
  test.use({ viewport: { width: 375, height: 812 } })

  test('filters lie behind one button that says how many are set', async ({ page }) => {
    await signIn(page)
    await page.goto('/support/messages?status=dead&within=30d')
    await expect(page.getByRole('button', { name: /^Status/ })).toBeHidden()
    await page.getByRole('button', { name: 'Filter 2' }).click()
    await page.getByRole('button', { name: 'Clear the filter Status' }).click()
    await expect(page.getByRole('button', { name: 'Filter 1' })).toBeVisible()
    await expectAccessible(page)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375)
    await page.getByRole('button', { name: 'Clear filters' }).first().click()
    await expect(page).toHaveURL(/\/support\/messages$/)
  })
})
