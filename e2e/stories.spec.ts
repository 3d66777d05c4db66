import {
  callApi,
  createUser,
  expect,
  expectAccessible,
  freshAddress,
  linkIn,
  mailTo,
  signIn,
  stack,
  test,
} from './fixtures'

/** Stories of people at work: a newcomer is invited and signs in, staff live through an outage of the mail server. */

test('a newcomer is invited and signs in, and whoever invited them sees each step', async ({
  page,
  browser,
  baseURL,
}) => {
  const email = freshAddress('newcomer')
  const password = 'four words nobody guesses'
  await signIn(page)
  await createUser(page, { first: 'Mei', last: 'Newcomer', email, role: 'Support Agent' })
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText('Sent', { exact: true })).toBeVisible()
  await dialog.getByRole('link', { name: 'Open Mei Newcomer' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Mei Newcomer' })).toBeVisible()
  await expect(page.getByText(/of 6 steps are done/)).toBeVisible()

  const theirs = await browser.newContext({ baseURL })
  const newcomer = await theirs.newPage()
  const mail = await mailTo(email)
  expect(mail.Subject).toBe('Welcome to Usual Store - Your Support Agent Account')
  await newcomer.goto(linkIn(mail))
  await newcomer.getByLabel('New password').fill(password)
  await newcomer.getByLabel('The same again').fill(password)
  await newcomer.getByRole('button', { name: 'Set password' }).click()
  await newcomer.getByRole('link', { name: 'Sign in' }).click()
  await newcomer.getByLabel('Address').fill(email)
  await newcomer.getByLabel('Password', { exact: true }).fill(password)
  await newcomer.getByRole('button', { name: 'Sign in' }).click()
  await expect(newcomer.getByRole('heading', { level: 1, name: 'Did they get it?' })).toBeVisible()
  // What their role does not include is not offered.
  await expect(newcomer.getByRole('navigation', { name: 'Main' }).first().getByRole('link', { name: 'Audit' })).toHaveCount(0) // prettier-ignore
  await newcomer.getByRole('button', { name: /^Account/ }).first().click() // prettier-ignore
  await expect(newcomer.getByRole('menu').getByText('Mei Newcomer')).toBeVisible()
  await theirs.close()

  await expect(page.getByText('all steps are done')).toBeVisible()
  await expectAccessible(page)
})

test('staff live through an outage of the mail server: nothing is lost, they see since when, and that it ends', async ({
  page,
}) => {
  test.setTimeout(300_000)
  const mailServer = stack().pids.mail ?? 0
  const waiting = ['one', 'two', 'three', 'four'].map((name) => freshAddress(name))
  await signIn(page)
  process.kill(mailServer, 'SIGSTOP')
  try {
    for (const to of waiting) {
      await callApi('POST', '/api/messaging/send', { to, subject: 'Your parcel', message: 'It has arrived.' })
    }
    const banner = page.getByRole('alert').filter({ hasText: 'Mail is delayed' })
    await expect(banner).toBeVisible({ timeout: 120_000 })
    await expect(banner).toContainText('none lost')
    await expectAccessible(page)

    const places = page.getByRole('navigation', { name: 'Main' }).first()
    await places.getByRole('link', { name: 'Messages' }).click()
    await page.getByRole('row').filter({ hasText: waiting[0] }).getByRole('link').first().click()
    await expect(page.getByText(/Delayed since .* by a fault of ours/).first()).toBeVisible()
    await expectAccessible(page)

    process.kill(mailServer, 'SIGCONT')
    await expect(page.getByText('Yes.').first()).toBeVisible({ timeout: 90_000 })
    for (const to of waiting) expect((await mailTo(to)).Subject).toBe('Your parcel')
    await places.getByRole('link', { name: 'Overview' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Did they get it?' })).toBeVisible()
    await expect(banner).toHaveCount(0)
  } finally {
    process.kill(mailServer, 'SIGCONT')
  }
})
