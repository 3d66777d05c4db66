import {
  callApi,
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
    // What is said of the old address is not said of this one.
    await expect(dialog.getByText('Nothing was changed.')).toHaveCount(0)
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toBeHidden()
    await expect(page.getByText(/^The account is changed\./).first()).toBeVisible()
    await expect(page.getByRole('heading', { name: 'Adaline Editable' })).toBeVisible()
    await expect(page.getByText('Support Agent').first()).toBeVisible()

    await page.getByRole('button', { name: /Send the invitation again/ }).click()
    expect((await mailTo(right)).Text).toContain('Adaline')
  })
})

test.describe('what is typed', () => {
  test.use({ expectedErrors: [/status of 409/] })

  test('is not lost by a click beside the dialog, and what was refused is not said of what is typed next', async ({
    page,
  }) => {
    const taken = await person('user')
    await signIn(page)
    await page.goto('/support/users?create=1')
    const dialog = page.getByRole('dialog')
    const beside = () => page.mouse.click(4, 400)
    await dialog.getByLabel('First name').fill('Ada')
    await dialog.getByLabel('Last name').fill('Beside')
    await dialog.getByLabel('Address').fill(taken.email)
    await dialog.getByRole('button', { name: 'Create user' }).click()
    await expect(dialog.getByText('The user was not created.')).toBeVisible()
    await beside()
    await expect(dialog.getByLabel('First name')).toHaveValue('Ada')
    await dialog.getByLabel('Address').fill(freshAddress('beside'))
    await expect(dialog.getByText('The user was not created.')).toHaveCount(0)
    await expect(dialog.getByText('There is already an account with this address.')).toHaveCount(0)
    await dialog.getByRole('button', { name: 'Create user' }).click()
    await expect(dialog.getByText('The user exists.')).toBeVisible()
    // Nothing that was typed is left to lose.
    await beside()
    await expect(dialog).toBeHidden()

    // The same where an address is corrected.
    const wrong = { first_name: 'Jonas', last_name: 'Beside', email: freshAddress('550') }
    const made = (await (await callApi('POST', '/api/users', wrong)).json()) as { id: number }
    await page.goto(`/support/users/${made.id}`)
    const field = page.getByLabel('Correct address')
    await field.fill(taken.email)
    await page.getByRole('button', { name: 'Correct and send again' }).click()
    await expect(page.getByText('There is already an account with this address.')).toBeVisible()
    await field.fill('jonas@gmial.com')
    await expect(page.getByText('There is already an account with this address.')).toHaveCount(0)
    await expect(page.getByRole('button', { name: 'jonas@gmail.com' })).toBeVisible()

    // A note that is too long is said, not cut.
    await page.getByLabel('New note').fill('x'.repeat(2_003))
    await expect(page.getByText('A note holds 2,000 characters: this is 3 too many.')).toBeVisible()
    await page.getByRole('button', { name: 'Add note' }).click()
    await expect(page.getByLabel('New note')).toHaveValue('x'.repeat(2_003))
  })
})

test.describe('when the answer is lost', () => {
  test.use({ expectedErrors: [/net::ERR_FAILED/] })

  test('nobody says that it was not done, and pressed again it is done once', async ({ page }) => {
    const email = freshAddress('lost')
    const mails = async () =>
      (
        (await (await callApi('GET', `/api/messages?to=${encodeURIComponent(email)}`)).json()) as {
          messages: unknown[]
        }
      ).messages.length
    await signIn(page)
    let isLost = true
    await page.route(/\/api\/(users|messages\/[^/]+\/resend)$/, async (route) => {
      if (route.request().method() !== 'POST' || !isLost) return await route.continue()
      await route.fetch()
      await route.abort('failed')
    })
    await page.goto('/support/users?create=1')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('First name').fill('Ada')
    await dialog.getByLabel('Last name').fill('Lost')
    await dialog.getByLabel('Address').fill(email)
    await dialog.getByRole('button', { name: 'Create user' }).click()
    await expect(dialog.getByText('It is not known whether the user was created.')).toBeVisible()
    isLost = false
    await dialog.getByRole('button', { name: 'Create user' }).click()
    await expect(dialog.getByText('The user exists.')).toBeVisible()
    await mailTo(email)
    expect(await mails()).toBe(1)

    isLost = true
    await page.goto(`/support/messages?to=${encodeURIComponent(email)}`)
    await page.getByRole('link', { name: /^Welcome to Usual Store/ }).click()
    await page.waitForURL(/\/support\/messages\/[\w-]+$/)
    await page.getByRole('button', { name: 'Send again…' }).click()
    await dialog.getByRole('button', { name: 'Send again' }).click()
    await expect(dialog.getByText('It is not known whether it was done.')).toBeVisible()
    await expect(dialog.getByText('Press again: nothing is done twice.')).toBeVisible()
    isLost = false
    await dialog.getByRole('button', { name: 'Send again' }).click()
    await expect(page.getByText('It is sent again, as this new message.').first()).toBeVisible()
    expect(await mails()).toBe(2)
  })

  test('who goes back while it is saved is told that it was done all the same', async ({ page }) => {
    await signIn(page)
    await page.goto('/support/users')
    const dialog = page.getByRole('dialog')
    await page.route(/\/api\/users$/, async (route) => {
      const answer = await route.fetch()
      await expect(dialog).toHaveCount(0)
      await route.fulfill({ response: answer })
    })
    await page.getByRole('button', { name: 'Create user' }).click()
    await dialog.getByLabel('First name').fill('Ada')
    await dialog.getByLabel('Last name').fill('Late')
    await dialog.getByLabel('Address').fill(freshAddress('late'))
    await dialog.getByRole('button', { name: 'Create user' }).click()
    await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeDisabled()
    await page.goBack()
    await expect(dialog).toHaveCount(0)
    await expect(page.getByText('Ada Late was created all the same.').first()).toBeVisible()
  })
})

test.describe('a list that could not be read', () => {
  test.use({ expectedErrors: [/status of 503/] })

  test('does not show rows of the filter before at the next try', async ({ page }) => {
    const word = `Unread${process.pid}`
    for (const role of ['user', 'supporter']) {
      await callApi('POST', '/api/users', {
        first_name: role,
        last_name: word,
        email: freshAddress('unread'),
        role,
        welcome: false,
      })
    }
    await signIn(page)
    await page.goto(`/support/users?search=${word}`)
    const rows = page.getByRole('table', { name: 'Users' }).locator('tbody tr')
    await expect(rows).toHaveCount(2)
    let isAway = true
    await page.route(/\/api\/users\?.*role=supporter/, async (route) => {
      if (!isAway) return await route.continue()
      await route.fulfill({ status: 503, json: { error: true, message: 'The database is away.' } })
    })
    await page.getByRole('button', { name: 'Role Any' }).click()
    await page.getByRole('menuitemradio', { name: 'Support Agent' }).click()
    await expect(page.getByText('The list could not be read')).toBeVisible()
    isAway = false
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect(rows).toHaveCount(1)
    await expect(rows).toContainText(`supporter ${word}`)
  })
})

test.describe('on the narrowest phone', () => {
  test.use({ viewport: { width: 320, height: 640 } })

  test('a long name does not lie on what is beside it, and messages can be taken away', async ({ page }) => {
    const last_name = `Placeholder-${'Winterbottom-'.repeat(5)}End`
    const made = (await (
      await callApi('POST', '/api/users', {
        first_name: 'Bartholomew',
        last_name,
        email: freshAddress('long'),
        welcome: false,
      })
    ).json()) as { id: number }
    await signIn(page)
    await page.goto(`/support/users/${made.id}`)
    const crumbs = page.getByRole('navigation', { name: 'Breadcrumbs' }).getByRole('listitem')
    const link = await crumbs.first().getByRole('link').boundingBox()
    const name = await crumbs.last().boundingBox()
    expect((link?.x ?? 0) + (link?.width ?? 0)).toBeLessThan(name?.x ?? 0)
    expect((name?.x ?? 0) + (name?.width ?? 0)).toBeLessThanOrEqual(320)

    await page.goto('/support/messages')
    await expect(page.getByRole('link', { name: /CSV/ })).toBeVisible()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320)
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
