import { createUser, expect, freshAddress, linkIn, mailTo, signIn, stack, test } from './fixtures'

const roles = [
  { role: 'User', staff: false },
  { role: 'Support Agent', staff: true },
  { role: 'Administrator', staff: true },
  { role: 'Super Administrator', staff: true },
]

for (const { role, staff } of roles) {
  test(`a new ${role} is created, gets their mail, sets a password by its link and ${staff ? 'signs in' : 'goes on to the store'}`, async ({
    page,
    browser,
  }) => {
    const email = freshAddress('newcomer')
    await signIn(page)
    await createUser(page, { first: 'Noor', last: 'Example', email, role })
    await expect(page.getByRole('dialog').getByText('Sent', { exact: true })).toBeVisible()
    await page.getByRole('button', { name: 'Close' }).last().click()
    await expect(page.getByRole('row', { name: new RegExp(email.replaceAll('+', '\\+')) })).toContainText(role)

    const mail = await mailTo(email)
    expect(mail.Subject).toBe(`Welcome to Usual Store - Your ${role} Account`)
    expect(mail.Text).toContain('Noor')
    expect(mail.Text).not.toContain('&amp;')

    const theirs = await browser.newContext({ baseURL: stack().web })
    const newcomer = await theirs.newPage()
    await newcomer.goto(linkIn(mail))
    await newcomer.getByLabel('New password').fill('a long enough passphrase')
    await newcomer.getByLabel('The same again').fill('a long enough passphrase')
    await newcomer.getByRole('button', { name: /password/ }).click()
    if (staff) {
      await expect(newcomer.getByRole('heading', { name: 'Your password is set' })).toBeVisible()
      await signIn(newcomer, { email, password: 'a long enough passphrase' })
      await expect(newcomer.getByRole('navigation').first()).toContainText('Users')
    } else {
      await expect(newcomer.getByRole('link', { name: /store/i })).toHaveAttribute('href', /localhost:3000/)
    }

    // Once is all: a second visitor with the same link is told so.
    await newcomer.goto('about:blank')
    await newcomer.goto(linkIn(mail))
    await newcomer.getByLabel('New password').fill('another passphrase altogether')
    await newcomer.getByLabel('The same again').fill('another passphrase altogether')
    await newcomer.getByRole('button', { name: /password/ }).click()
    await expect(newcomer.getByText('This link has been used or is too old. Ask support for a new one.')).toBeVisible()
    await theirs.close()
  })
}

test('a first password is mailed, and must be changed at the first sign-in', async ({ page, browser }) => {
  const email = freshAddress('agent')
  await signIn(page)
  await createUser(page, { first: 'Mika', last: 'Sample', email, role: 'Support Agent', password: 'first-secret-9431' })
  const mail = await mailTo(email)
  expect(mail.Text).toContain('first-secret-9431')
  expect(mail.HTML).toContain('first-secret-9431')

  const theirs = await browser.newContext({ baseURL: stack().web })
  const newcomer = await theirs.newPage()
  await newcomer.goto('/support/login')
  await newcomer.getByLabel('Address').fill(email)
  await newcomer.getByLabel('Password', { exact: true }).fill('first-secret-9431')
  await newcomer.getByRole('button', { name: 'Sign in' }).click()
  await newcomer.waitForURL(/set-password/)
  await newcomer.getByLabel('New password').fill('now it is my own')
  await newcomer.getByLabel('The same again').fill('now it is my own')
  await newcomer.getByRole('button', { name: /password/ }).click()
  await expect(newcomer.getByRole('heading', { name: 'Your password is set' })).toBeVisible()
  // The first password is spent, and the new one has signed them in.
  await newcomer.getByRole('link', { name: 'Go to the dashboard' }).click()
  await expect(newcomer.getByRole('navigation').first()).toContainText('Users')
  const again = await browser.newContext({ baseURL: stack().web })
  await signIn(await again.newPage(), { email, password: 'now it is my own' })
  await again.close()
  await theirs.close()
})

test('an invitation can be sent again, and ends the link of the first', async ({ page }) => {
  const email = freshAddress('again')
  await signIn(page)
  await createUser(page, { first: 'Ada', last: 'Again', email, role: 'User' })
  const first = await mailTo(email)
  await page
    .getByRole('link', { name: /^Open/ })
    .or(page.getByRole('button', { name: /^Open/ }))
    .last()
    .click()
  await page.waitForURL(/\/support\/users\/\d+/)
  await page.getByRole('button', { name: /Send the invitation again/ }).click()
  await expect.poll(async () => (await mailTo(email)).ID).not.toBe(first.ID)
  const answer = await page.request.post('/api/reset-password', {
    data: { token: linkIn(first).split('#')[1], password: 'a long enough passphrase' },
    headers: { Origin: stack().web },
  })
  expect(answer.status()).toBe(422)
})

test('a user is deleted by typing their address', async ({ page }) => {
  const email = freshAddress('gone')
  await signIn(page)
  await createUser(page, { first: 'Ada', last: 'Gone', email, role: 'User' })
  await page
    .getByRole('link', { name: /^Open/ })
    .or(page.getByRole('button', { name: /^Open/ }))
    .last()
    .click()
  await page.waitForURL(/\/support\/users\/\d+/)
  await page
    .getByRole('button', { name: /More|Delete/ })
    .last()
    .click()
  const item = page.getByRole('menuitem', { name: /Delete/ })
  if (await item.isVisible()) await item.click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('button', { name: 'Delete user' })).toBeDisabled()
  await dialog.getByRole('textbox').fill('somebody@else.example')
  await dialog.getByRole('textbox').press('Enter')
  await expect(dialog.getByText(`This is not it. Type ${email} to go on.`)).toBeVisible()
  await dialog.getByRole('textbox').fill(email)
  await dialog.getByRole('button', { name: 'Delete user' }).click()
  await page.waitForURL(/\/support\/users$|\/support\/users\?/)
  await expect(page.getByText(email)).toHaveCount(0)
})
