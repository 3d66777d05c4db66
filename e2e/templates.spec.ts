import { expect, expectAccessible, mailTo, signIn, stack, test } from './fixtures'

// The refusal of what does not fit, which the browser writes down.
test.use({ expectedErrors: [/status of 422/] })

test('the gallery shows every mail as it looks, and leads to each', async ({ page }) => {
  await signIn(page)
  await page.getByRole('link', { name: 'Templates' }).first().click()
  await expect(page.getByRole('heading', { level: 1, name: 'Templates' })).toBeVisible()
  const cards = page.getByRole('main').getByRole('listitem')
  await expect(cards).toHaveCount(10)
  const admin = cards.filter({ has: page.getByRole('heading', { name: 'Welcome, Administrator', exact: true }) })
  await expect(
    admin.frameLocator('iframe').getByRole('paragraph').filter({ hasText: 'You have been made an administrator' }),
  ).toBeVisible()
  await admin.getByRole('link').click()
  await page.waitForURL(/\/support\/templates\/welcome\?role=admin$/)
  await expect(
    page.frameLocator('iframe').getByRole('paragraph').filter({ hasText: 'You have been made an administrator' }),
  ).toBeVisible()
})

test('the mail follows what is typed, says what does not fit, and changes its words with the role', async ({
  page,
}) => {
  await signIn(page)
  await page.goto('/support/templates/welcome')
  const mail = page.frameLocator('iframe')
  await expect(mail.getByText('Welcome, Olena')).toBeVisible()
  await page.getByLabel('First name').fill('Noor')
  await expect(mail.getByText('Welcome, Noor')).toBeVisible()

  await page.getByLabel('Address').fill('noor@')
  await expect(page.getByText('This is not one complete mail address')).toBeVisible()
  await expect(page.getByLabel('Address')).toHaveAttribute('aria-invalid', 'true')
  await expect(mail.getByText('olena.sample@example.com')).toBeVisible()
  await page.getByLabel('Address').fill('noor@example.net')
  await expect(mail.getByText('noor@example.net')).toBeVisible()
  await expect(page.getByText('This is not one complete mail address')).toHaveCount(0)

  await page.getByRole('radio', { name: 'Support Agent' }).check()
  await expect(mail.getByRole('paragraph').filter({ hasText: 'You have been made a support agent' })).toBeVisible()
  await expect(mail.getByText('Welcome, Noor')).toBeVisible()
  await expect(page.getByLabel('Where they sign in')).toHaveValue(/\/support$/)
  await page.getByRole('radio', { name: 'Source' }).check()
  await expect(mail.getByText('Content-Type: multipart/alternative')).toBeVisible()
  await page.getByRole('radio', { name: /^360/ }).check()
  await expect(page).toHaveURL(/\?role=supporter&part=source&width=360$/)
  expect(await page.locator('iframe').evaluate((frame) => frame.clientWidth)).toBe(360)
  await page.reload()
  await expect(page.getByRole('radio', { name: 'Support Agent' })).toBeChecked()
  await expect(page.getByRole('radio', { name: 'Source' })).toBeChecked()
  // Neither typing nor a choice is a step back.
  await page.goto('/support/templates')
  await page.getByRole('link', { name: 'Plain' }).click()
  await page.getByRole('textbox', { name: 'Text' }).fill('Hello Noor')
  await expect(page.frameLocator('iframe').getByRole('paragraph').filter({ hasText: 'Hello Noor' })).toBeVisible()
  await page.goBack()
  await expect(page).toHaveURL(/\/support\/templates$/)
})

test('a test goes to oneself, and the page shows where it is', async ({ page }) => {
  await signIn(page)
  await page.goto('/support/templates/password-reset')
  await page.getByLabel('First name').fill('Ravi')
  await page.getByRole('button', { name: 'Send a test to me' }).click()
  const own = stack().login?.email ?? ''
  await expect(page.getByLabel('Notification').getByText(`A test is on its way to ${own}.`)).toBeVisible()
  const sent = page.getByRole('region', { name: 'Your test' })
  await expect(sent.getByText('Sent', { exact: true })).toBeVisible()
  const mail = await mailTo(own)
  expect(mail.Subject).toBe('[Test] Reset your Usual Store password')
  expect(mail.Text).toContain('Hello Ravi')
  expect(mail.Text).toContain('https://store.example.com/set-password#only-a-test')
  await sent.getByRole('link', { name: 'Open the mail' }).click()
  await page.waitForURL(/\/support\/messages\/[\w-]{36}$/)
  await expect(page.frameLocator('iframe').getByRole('paragraph').filter({ hasText: 'Hello Ravi' })).toBeVisible()
})

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 375, height: 812 },
  ]) {
    test.describe(`${colorScheme}, ${viewport.width} px`, () => {
      test.use({ colorScheme, viewport })

      test('nothing serious for axe, no sideways scroll, and a way there', async ({ page }) => {
        await signIn(page)
        if (viewport.width < 700) {
          await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('listitem')).toHaveCount(5)
          await page.getByRole('button', { name: 'More' }).click()
          await expectAccessible(page)
          await page.keyboard.press('Escape')
        }
        for (const path of ['', '/welcome?role=admin', '/plain?part=text', '/second-factor-changed?part=source']) {
          await page.goto(`/support/templates${path}`)
          await expect(page.locator('iframe').first()).toBeVisible()
          await expect(page.locator('h1')).toHaveCount(1)
          await expectAccessible(page)
          expect(
            await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
          ).toBe(0)
        }
        await page.getByLabel('Address').fill('nobody')
        await expect(page.getByText('This is not one complete mail address')).toBeVisible()
        await expectAccessible(page)
      })
    })
  }
}
