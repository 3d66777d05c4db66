import { callApi, expect, expectAccessible, freshAddress, person, signIn, stack, test } from './fixtures'

test('signed-out people are led to the sign-in page and back', async ({ page }) => {
  await page.goto('/support/users?search=ada')
  await page.waitForURL(/\/support\/login\?callbackUrl=/)
  const login = stack().login
  await page.getByLabel('Address').fill(login?.email ?? '')
  await page.getByLabel('Password', { exact: true }).fill(login?.password ?? '')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(/\/support\/users\?search=ada/)
})

test.describe('refused sign-ins', () => {
  test.use({ expectedErrors: [/status of 401/] })

  test('a wrong password and an unknown address get the same sentence, and the address is kept', async ({ page }) => {
    const sentences: string[] = []
    for (const email of [stack().login?.email ?? '', 'nobody@example.com']) {
      await page.goto('/support/login')
      await page.getByLabel('Address').fill(email)
      await page.getByLabel('Password', { exact: true }).fill('not the password')
      await page.getByRole('button', { name: 'Sign in' }).click()
      const alert = page.getByRole('alert').filter({ hasText: /\S/ }).first()
      await expect(alert).toBeVisible()
      sentences.push((await alert.textContent()) ?? '')
      await expect(page.getByLabel('Address')).toHaveValue(email)
    }
    expect(sentences[0]).toBe(sentences[1])
  })

  test('an account holder of role user is told that the dashboard is not for them', async ({ page }) => {
    const { email, password } = await person('user')
    await page.goto('/support/login')
    await page.getByLabel('Address').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(
      page.getByText('Access denied. Only administrators and support staff can access this dashboard.'),
    ).toBeVisible()
  })
})

test('a supporter is offered only the role user, and the server refuses any other', async ({ page }) => {
  await signIn(page, await person('supporter'))
  await page.goto('/support/users?create=1')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByLabel('First name')).toBeVisible()
  await expect(dialog.getByRole('radio', { name: /Administrator/ })).toHaveCount(0)
  const answer = await page.request.post('/api/users', {
    data: { first_name: 'A', last_name: 'B', email: freshAddress('x'), role: 'admin' },
    headers: { Origin: stack().web },
  })
  expect(answer.status()).toBe(403)
  // A page that is not for them says so; one that is not offered to them is not there.
  await page.goto('/support/audit')
  await expect(page.getByRole('heading', { name: 'The audit is for administrators' })).toBeVisible()
  await expectAccessible(page)
})

test('signing out ends it', async ({ page }) => {
  await signIn(page)
  await page
    .getByRole('button', { name: /account/i })
    .first()
    .click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.waitForURL(/\/support\/login/)
  await page.goto('/support/users')
  await page.waitForURL(/\/support\/login/)
})

test.describe('when the session ends while somebody types', () => {
  test.use({ expectedErrors: [/status of 401/] })
  test('what is typed stays, they sign in beside it, and go on', async ({ page, context }) => {
    const customer = await person('user')
    await signIn(page)
    await page.goto(`/support/users/${customer.id}`)
    const note = page.getByLabel('New note')
    await note.fill('She calls back on Monday.')
    const cookies = await context.cookies()
    await context.clearCookies()
    // Who comes back to a tab makes it look anew.
    const comeBack = () => page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')))
    const link = page.getByRole('link', { name: 'Sign in in a new tab' })
    await expect(async () => {
      await comeBack()
      await expect(link).toBeVisible({ timeout: 1_000 })
    }).toPass()
    await expect(note).toHaveValue('She calls back on Monday.')
    await expectAccessible(page)
    const opened = context.waitForEvent('page')
    await link.click()
    const beside = await opened
    await beside.waitForURL(/\/support\/login\?callbackUrl=%2Fsupport%2Fusers%2F/)
    await context.addCookies(cookies)
    await beside.close()
    await expect(async () => {
      await comeBack()
      await expect(link).toHaveCount(0, { timeout: 1_000 })
    }).toPass()
    await page.getByRole('button', { name: 'Add note' }).click()
    await expect(page.getByText('She calls back on Monday.')).toBeVisible()
    await expect(note).toHaveValue('')

    // With nothing typed it leads to the sign-in page, as ever.
    await context.clearCookies()
    await expect(async () => {
      await comeBack()
      await page.waitForURL(/\/support\/login/, { timeout: 1_000 })
    }).toPass()
  })
})

test.describe('the API', () => {
  test("answers the original's requests as its document says", async () => {
    const email = freshAddress('john.doe')
    const created = await callApi('POST', '/api/users', {
      first_name: 'John',
      last_name: 'Doe',
      email,
      password: 'securepassword123',
      role: 'user',
    })
    expect(created.status).toBe(201)
    const body = (await created.json()) as { id: number; welcome_message_id: string }
    expect(body).toEqual({
      error: false,
      message: 'User created successfully',
      id: body.id,
      first_name: 'John',
      last_name: 'Doe',
      email,
      role: 'user',
      welcome_message_id: body.welcome_message_id,
    })
    expect(body.id).toBeGreaterThan(0)
    expect(body.welcome_message_id).toMatch(/^[0-9a-f-]{36}$/)
    const sent = await callApi('POST', '/api/messaging/send', {
      to: email,
      subject: 'Welcome to Usual Store',
      message: 'Hello! Your account has been created.',
    })
    expect(sent.status).toBe(202)
    expect(await sent.json()).toMatchObject({ success: true, message: 'Message queued for delivery' })
  })

  test('wants a key', async () => {
    for (const path of ['/api/users', '/api/messages'])
      expect((await callApi('GET', path, undefined, null)).status).toBe(401)
    expect((await callApi('POST', '/api/messaging/send', {}, 'usk_wrong')).status).toBe(401)
  })

  test('answers on both ports', async () => {
    for (const base of [stack().web, stack().api]) {
      const answer = await fetch(`${base}/api/users`, { headers: { Authorization: `Bearer ${stack().api_key}` } })
      expect(answer.status).toBe(200)
    }
  })
})
