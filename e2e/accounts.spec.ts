import {
  createUser,
  expect,
  expectAccessible,
  freshAddress,
  linkIn,
  mailTo,
  person,
  signIn,
  stack,
  test,
} from './fixtures'

const password = 'a long enough passphrase'

test.describe('edited', () => {
  test.use({ expectedErrors: [/status of 409/] })

  test('an account is edited: a save that fails keeps what was typed; then another address and role are theirs, and the invitation follows', async ({
    page,
  }) => {
    const [taken, mistyped, right] = [freshAddress('taken'), freshAddress('mistyped'), freshAddress('right')]
    await person('user', taken)
    await signIn(page)
    await createUser(page, { first: 'Ada', last: 'Editable', email: mistyped, role: 'User' })
    await page.getByRole('link', { name: /^Open/ }).last().click()
    await page.waitForURL(/\/support\/users\/\d+/)
    await page.getByRole('button', { name: 'Edit…' }).click()
    const dialog = page.getByRole('dialog')
    await expect(dialog.getByLabel('Address')).toHaveValue(mistyped)
    await expectAccessible(page)
    await dialog.getByLabel('First name').fill('Adaline')
    await dialog.getByLabel('Address').fill(taken)
    await dialog.getByRole('radio', { name: 'Support Agent' }).check()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog.getByText('There is already an account with this address.').first()).toBeVisible()
    await expect(dialog.getByLabel('First name')).toHaveValue('Adaline')
    await expect(dialog.getByRole('radio', { name: 'Support Agent' })).toBeChecked()

    await dialog.getByLabel('Address').fill(right)
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toBeHidden()
    await expect(page.getByText(/^The account is changed\./).first()).toBeVisible()
    await expect(page.getByRole('heading', { name: 'Adaline Editable' })).toBeVisible()
    await expect(page.getByText('Support Agent').first()).toBeVisible()

    await page.getByRole('button', { name: /Send the invitation again/ }).click()
    expect((await mailTo(right)).Text).toContain('Adaline')
  })
})

test.describe('the address of oneself', () => {
  test.use({ expectedErrors: [/status of 422/] })

  test('asks for the present password, and is not changed without it', async ({ page }) => {
    await signIn(page)
    await page.goto('/support/users?search=admin@example.com')
    await page.getByRole('table').getByRole('link', { name: 'Local Admin' }).click()
    await page.getByRole('button', { name: 'Edit…' }).click()
    const dialog = page.getByRole('dialog')
    await expect(dialog.getByLabel('Your present password', { exact: true })).toHaveCount(0)
    await dialog.getByLabel('Address').fill(freshAddress('elsewhere'))
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog.getByText('Please give your present password too.')).toBeVisible()
    await dialog.getByLabel('Your present password', { exact: true }).fill('not-the-password')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog.getByText('This is not your present password.').first()).toBeVisible()
  })
})

test.describe('disabled', () => {
  test.use({ expectedErrors: [/status of 401/] })

  test('who is disabled from the list is out at once, and comes in again when they are enabled', async ({
    page,
    browser,
  }) => {
    const { email } = await person('supporter')
    const theirs = await browser.newContext({ baseURL: stack().web })
    const other = await theirs.newPage()
    await signIn(other, { email, password })

    const set = async (status: 'Active' | 'Disabled') => {
      await page.goto(`/support/users?search=${encodeURIComponent(email)}`)
      await page.getByRole('button', { name: 'Actions for Noor Example' }).click()
      await page.getByRole('menuitem', { name: 'Edit…' }).click()
      await page.getByRole('dialog').getByRole('radio', { name: status }).check()
      await page.getByRole('button', { name: 'Save' }).click()
      await expect(page.getByRole('dialog')).toBeHidden()
    }
    await signIn(page)
    // Their open page asks by itself, and leads to the sign-in page.
    await set('Disabled')
    await other.waitForURL(/\/support\/login/)
    await set('Active')
    await other.goto('/support/users')
    await other.waitForURL(/\/support\/login/)
    await signIn(other, { email, password })
    await theirs.close()
  })
})

test('nobody is offered to change their own role or to disable themselves', async ({ page }) => {
  const login = stack().login?.email ?? ''
  await signIn(page)
  await page.goto(`/support/users?search=${encodeURIComponent(login)}`)
  await page.getByRole('button', { name: 'Actions for Local Admin' }).click()
  await expect(page.getByRole('menuitem', { name: 'Delete…' })).toHaveCount(0)
  await page.getByRole('menuitem', { name: 'Edit…' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText('You cannot do this to your own account.').first()).toBeVisible()
  await expect(dialog.getByRole('radio')).toHaveCount(0)
})

test('a forgotten password: from the sign-in page over the mail to a new one, and the old one is told of', async ({
  page,
}) => {
  const { email } = await person('supporter')
  const before = (await mailTo(email)).ID
  await page.goto('/support/login')
  await page.getByRole('link', { name: 'Forgot password?' }).click()
  await page.waitForURL(/\/support\/forgot-password/)
  await expectAccessible(page)
  await page.getByLabel('Address').fill(email)
  await page.getByRole('button', { name: 'Send the link' }).click()
  await expect(page.getByRole('heading', { name: 'Look into your mail' })).toBeVisible()

  await expect.poll(async () => (await mailTo(email)).ID).not.toBe(before)
  const mail = await mailTo(email)
  expect(mail.Subject).toBe('Reset your Usual Store password')
  const scripts: string[] = []
  page.on('request', (request) => request.resourceType() === 'script' && scripts.push(request.url()))
  await page.goto(linkIn(mail), { waitUntil: 'networkidle' })
  const first = new Set(scripts)
  await page.getByLabel('New password').fill('Password1')
  await page.getByLabel('The same again').fill('Password1')
  await expect(page.getByText('Many people have this password')).toBeVisible()
  // The dictionaries came now, and not with the page.
  const later = scripts.filter((url) => !first.has(url))
  expect(Math.max(...(await Promise.all(later.map(sizeOf))))).toBeGreaterThan(300_000)
  await page.getByLabel('New password').fill('quite another passphrase')
  await expect(page.getByText('Strong')).toBeVisible()
  await page.getByLabel('The same again').fill('quite another passphrase')
  await page.getByRole('button', { name: 'Set password' }).click()
  await expect(page.getByRole('heading', { name: 'Your password is set' })).toBeVisible()
  await signIn(page, { email, password: 'quite another passphrase' })
  await expect.poll(async () => (await mailTo(email)).Subject).toBe('Your Usual Store password was changed')
})

const sizeOf = async (url: string): Promise<number> => (await (await fetch(url)).text()).length

/** Through a proxy that claims another host. */
const askFor = (address: string) =>
  fetch(`${stack().web}/api/forgot-password`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-Forwarded-Host': 'evil.example.com',
      'X-Forwarded-Proto': 'https',
      Forwarded: 'host=evil.example.com',
    },
    body: JSON.stringify({ email: address }),
  })

test('the link leads to our own address, whatever the request says of its host; nobody gets the same answer', async () => {
  const { email } = await person('user')
  const before = (await mailTo(email)).ID
  const [known, unknown] = [await askFor(email), await askFor(freshAddress('nobody'))]
  expect([known.status, unknown.status]).toEqual([202, 202])
  expect(await unknown.text()).toBe(await known.text())
  await expect.poll(async () => (await mailTo(email)).ID).not.toBe(before)
  const mail = await mailTo(email)
  expect(linkIn(mail).startsWith(`${stack().web}/set-password#`)).toBe(true)
  expect(mail.HTML + mail.Text).not.toContain('evil.example.com')
})
