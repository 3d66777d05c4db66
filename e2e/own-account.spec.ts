import type { Page } from '@playwright/test'
import { Secret, TOTP } from 'otpauth'
import { expect, expectAccessible, person, signIn, stack, test } from './fixtures'

const password = 'a long enough passphrase'

/** What the app shows, so many steps of 30 s from now. */
const codeOf = (secret: string, steps = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 })

async function openMenu(page: Page, item: string) {
  await page
    .getByRole('button', { name: /account/i })
    .first()
    .click()
  await page.getByRole('menuitem', { name: item }).click()
}

async function signOut(page: Page) {
  await openMenu(page, 'Sign out')
  await page.waitForURL(/\/support\/login/)
}

/** Up to where the code is asked for. */
async function givePassword(page: Page, email: string) {
  await page.goto('/support/login')
  await page.getByLabel('Address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByLabel('Code', { exact: true })).toBeFocused()
}

/** Begins on the page where the app is added, and ends on the recovery codes. */
async function addApp(page: Page): Promise<{ secret: string; codes: string[] }> {
  await page.getByLabel('Your password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Go on' }).click()
  const picture = page.getByRole('img', { name: /QR code/ })
  await expect(picture).toBeVisible()
  expect(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0)
  const secret = ((await page.locator('code').textContent()) ?? '').replaceAll(' ', '')
  await page.getByLabel('Code', { exact: true }).fill(codeOf(secret))
  await page.getByRole('button', { name: 'Add it' }).click()
  const list = page.getByRole('list', { name: 'Recovery codes' })
  await expect(list.getByRole('listitem')).toHaveCount(10)
  return { secret, codes: await list.getByRole('listitem').allTextContents() }
}

// "A code is needed" is an answer of 401, which browsers call an error.
test.use({ expectedErrors: [/status of (401|403)/] })

test('somebody adds an app, signs in with its code and with a recovery code, and ends a session elsewhere', async ({
  page,
  browser,
}) => {
  const one = await person('supporter')
  await signIn(page, one)
  await openMenu(page, 'My account')
  await expect(page.getByRole('heading', { name: 'My account' })).toBeVisible()
  await page.getByRole('button', { name: 'Add an authenticator app' }).click()
  const { secret, codes } = await addApp(page)
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await expect(page.getByText('10 of 10 recovery codes are left.')).toBeVisible()
  await expectAccessible(page)

  await signOut(page)
  await givePassword(page, one.email)
  await expectAccessible(page)
  await page.getByLabel('Code', { exact: true }).fill('000000')
  await page.getByRole('button', { name: 'Go on' }).click()
  await expect(page.getByText('This code is not right, or it was used already.')).toBeVisible()
  // The one that added it is used up; the next one is taken early.
  await page.getByLabel('Code', { exact: true }).fill(codeOf(secret, 1))
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.waitForURL(/\/support(?!\/login)/)

  const elsewhere = await (await browser.newContext()).newPage()
  await givePassword(elsewhere, one.email)
  await elsewhere.getByRole('button', { name: 'Use a recovery code' }).click()
  await elsewhere.getByLabel('Recovery code', { exact: true }).fill(codes[0] ?? '')
  await elsewhere.getByRole('button', { name: 'Go on' }).click()
  await elsewhere.waitForURL(/\/support(?!\/login)/)

  await page.goto('/support/account')
  await expect(page.getByText('9 of 10 recovery codes are left.')).toBeVisible()
  const sessions = page.getByRole('region', { name: 'Where you are signed in' }).getByRole('listitem')
  await expect(sessions).toHaveCount(2)
  await sessions
    .filter({ hasNotText: 'This one' })
    .getByRole('button', { name: /^Sign out/ })
    .click()
  await expect(sessions).toHaveCount(1)
  // Its page notices by itself.
  await expect(elsewhere).toHaveURL(/\/support\/login/)
  await elsewhere.context().close()
})

test('whose role must have a second factor is led to add one before anything else', async ({ page, browser }) => {
  const one = await person('supporter')
  await signIn(page)
  const require = async (isRequired: boolean) => {
    const answer = await page.request.put('/api/settings/second-factor', {
      data: { supporter: isRequired, admin: false, super_admin: false },
      headers: { Origin: stack().web },
    })
    expect(answer.status()).toBe(200)
  }
  await require(true)
  try {
    const theirs = await (await browser.newContext()).newPage()
    await theirs.goto('/support/login')
    await theirs.getByLabel('Address').fill(one.email)
    await theirs.getByLabel('Password', { exact: true }).fill(password)
    await theirs.getByRole('button', { name: 'Sign in' }).click()
    await theirs.waitForURL(/\/second-factor/)
    await expectAccessible(theirs)
    await theirs.goto('/support/users')
    await theirs.waitForURL(/\/second-factor/)
    await addApp(theirs)
    await theirs.getByRole('link', { name: 'I have kept them' }).click()
    await theirs.waitForURL(/\/support$/)
    await theirs.context().close()
  } finally {
    await require(false)
  }
})
