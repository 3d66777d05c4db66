import type { Page } from '@playwright/test'
import { callApi, expect, expectAccessible, freshAddress, mailTo, signIn, test } from './fixtures'

const field = (page: Page) => page.getByRole('combobox', { name: 'A person, a message or a place' })
const option = (page: Page, name: RegExp | string) => page.getByRole('option', { name })
const chosen = (page: Page) => page.getByRole('option', { selected: true })
const help = (page: Page) => page.getByRole('dialog', { name: 'Keys' })
const rowLink = (page: Page, at: number) => page.locator('#content tbody tr').nth(at).getByRole('link').first()

/** A person with a mail, and their names. */
async function reader() {
  const email = freshAddress('jump')
  const last = `Jump${email.replaceAll(/\D/g, '')}`
  const body = { first_name: 'Olena', last_name: last, email }
  const made = (await (await callApi('POST', '/api/users', body)).json()) as { id: number; welcome_message_id: string }
  await mailTo(email)
  return { email, name: `Olena ${last}`, ...made }
}

/** Opens it and waits until it listens: to changes, and so also to keys. */
async function open(page: Page, path: string) {
  await page.goto(path)
  await expect(page.locator('#content').getByText('Live', { exact: true })).toBeVisible()
}

test('Ctrl-K finds any person and any message, by the keyboard alone', async ({ page }) => {
  const person = await reader()
  await signIn(page)
  await open(page, '/support/messages')
  await page.keyboard.press('Control+k')
  await expect(field(page)).toBeFocused()
  await expect(page.getByText('Type a name, an address, a subject or an id.')).toBeVisible()
  await expect(chosen(page)).toHaveText('Overview')

  await page.keyboard.type(person.email)
  await expect(page.getByText('1 person and 1 message, the first that fit. Enter opens.')).toBeVisible()
  await expect(chosen(page)).toContainText(person.name)
  await page.keyboard.press('ArrowDown')
  await expect(chosen(page)).toContainText('Welcome to Usual Store')
  await expect(field(page)).toHaveAttribute('aria-activedescendant', (await chosen(page).getAttribute('id')) ?? '')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await page.waitForURL(`**/support/users/${person.id}`)
  await expect(page.getByRole('dialog')).toHaveCount(0)

  // An id, and a Message-ID as a mail server writes it.
  for (const text of [person.welcome_message_id, `<${person.welcome_message_id}@usualstore.com>`]) {
    await page.keyboard.press('Control+k')
    await page.keyboard.type(text)
    await expect(option(page, /Welcome to Usual Store/)).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)
  }
  await page.keyboard.press('Control+k')
  await page.keyboard.type('templ')
  await expect(chosen(page)).toHaveText('Templates')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/support/templates')
})

test('what is typed while it is still being loaded is not lost, and is no shortcut', async ({ page }) => {
  await signIn(page)
  await open(page, '/support/messages')
  let letGo: (() => void) | undefined
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  await page.route('**/_next/static/chunks/**', async (route) => {
    await held
    await route.continue()
  })
  await page.keyboard.press('Control+k')
  await page.keyboard.type('gusers')
  letGo?.()
  await expect(page.getByRole('combobox')).toHaveValue('gusers')
  await expect(page).toHaveURL(/\/support\/messages$/)
})

test('it gives the focus back, says when nothing fits, and does not show an answer that comes too late', async ({
  page,
}) => {
  const person = await reader()
  await signIn(page)
  await open(page, '/support/users')
  const button = page.getByRole('button', { name: /^Jump to/ }).first()
  await button.click()
  await field(page).fill('nobody-has-this-name')
  await expect(page.getByText('No person and no message fits “nobody-has-this-name”.')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(button).toBeFocused()

  // The first answer takes long: the second one is what counts.
  const held: (() => void)[] = []
  await page.route('**/api/search?q=slow-one', async (route) => {
    await new Promise<void>((resolve) => held.push(resolve))
    await route.fulfill({ json: { error: false, people: [], messages: [] } }).catch(() => undefined)
  })
  await button.click()
  const asked = page.waitForRequest('**/api/search?q=slow-one')
  await field(page).fill('slow-one')
  await asked
  await field(page).fill(person.name)
  await expect(option(page, new RegExp(person.name))).toBeVisible()
  for (const release of held) release()
  await expect(option(page, new RegExp(person.name))).toBeVisible()
})

test.describe('when the search fails', () => {
  test.use({ expectedErrors: [/Failed to load resource/] })
  test('it says so, and places can be gone to all the same', async ({ page }) => {
    await signIn(page)
    await open(page, '/support/users')
    await page.route('**/api/search?*', (route) => route.abort())
    await page.keyboard.press('Control+k')
    await expect(field(page)).toBeFocused()
    await page.keyboard.type('mess')
    await expect(
      page.getByText(/^People and messages could not be searched: The server could not be reached\./),
    ).toBeVisible()
    await page.keyboard.press('Enter')
    await page.waitForURL('**/support/messages')
  })
})

test.describe('when a dialog cannot be loaded', () => {
  test.use({ expectedErrors: [/Failed to load resource/] })
  test('it says so, the page stays, and the next opening tries anew', async ({ page }) => {
    await signIn(page)
    await open(page, '/support/users')
    await page.route('**/_next/static/chunks/**', (route) => route.abort())
    const button = page.getByRole('button', { name: 'Create user' })
    for (const press of [() => button.click(), () => page.keyboard.press('Control+k')]) {
      await press()
      const toast = page.getByRole('region', { name: 'Notification' })
      await expect(toast).toContainText('This could not be loaded. Please try again.')
      await toast.getByRole('button', { name: 'Dismiss' }).click()
    }
    await expect(page.getByRole('heading', { level: 1, name: 'Users' })).toBeVisible()
    await page.unroute('**/_next/static/chunks/**')
    await button.click()
    await expect(page.getByRole('dialog', { name: 'Create user' })).toBeVisible()
  })
})

test('/, ?, j, k, Home, End, Enter, Esc and g do what the list of keys says, and nothing while somebody types', async ({
  page,
}) => {
  await reader()
  await reader()
  await signIn(page)
  await open(page, '/support/messages')
  await page.keyboard.press('j')
  await expect(rowLink(page, 0)).toBeFocused()
  await page.keyboard.press('j')
  await expect(rowLink(page, 1)).toBeFocused()
  await page.keyboard.press('k')
  await expect(rowLink(page, 0)).toBeFocused()
  // What has the focus can be seen.
  expect(
    await page
      .locator('#content tbody tr')
      .first()
      .evaluate((row) => getComputedStyle(row).outlineStyle),
  ).toBe('solid')
  const rows = await page.locator('#content tbody tr').count()
  await page.keyboard.press('End')
  await expect(rowLink(page, rows - 1)).toBeFocused()
  await page.keyboard.press('Home')
  await expect(rowLink(page, 0)).toBeFocused()
  await page.keyboard.press('Control+j')
  await expect(rowLink(page, 0)).toBeFocused()

  await page.keyboard.press('/')
  const search = page.getByRole('searchbox')
  await expect(search).toBeFocused()
  await expect(search).toHaveValue('')
  await page.keyboard.type('j?g/u')
  await expect(search).toHaveValue('j?g/u')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await page.keyboard.press('Escape')
  await expect(search).toHaveValue('')
  await expect(page).toHaveURL(/\/support\/messages$/)

  // Through the messages of the list, one page after the other.
  await search.blur()
  const hrefs = await Promise.all([0, 1].map((at) => rowLink(page, at).getAttribute('href')))
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.waitForURL(`**${hrefs[0]}`)
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  await page.keyboard.press('j')
  await page.waitForURL(`**${hrefs[1]}`)
  await page.keyboard.press('k')
  await page.waitForURL(`**${hrefs[0]}`)

  await page.keyboard.press('?')
  await expect(help(page)).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(help(page)).toHaveCount(0)
  await page.keyboard.press('g')
  await page.keyboard.press('u')
  await page.waitForURL('**/support/users')
  await expect(page.locator('#content tbody tr').first()).toBeVisible()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/support\/users\/\d+$/)
})

test('keys that are pressed alone can be turned off, and stay off; Ctrl-K goes on', async ({ page }) => {
  await signIn(page)
  await open(page, '/support/users')
  await page.keyboard.press('?')
  const alone = help(page).getByRole('switch', { name: /^Keys pressed alone/ })
  await alone.uncheck()
  await page.keyboard.press('Escape')
  await open(page, '/support/users')
  await page.keyboard.press('j')
  await expect(rowLink(page, 0)).not.toBeFocused()
  await page.keyboard.press('?')
  await page.keyboard.press('Control+k')
  await expect(field(page)).toBeFocused()
  await page.keyboard.press('Escape')
  // By the mouse they can be turned on again.
  await page
    .getByRole('button', { name: /^Account:/ })
    .first()
    .click()
  await page.getByRole('menuitem', { name: 'Keys' }).click()
  await alone.check()
  await help(page).getByRole('button', { name: 'Close', exact: true }).click()
  await page.keyboard.press('j')
  await expect(rowLink(page, 0)).toBeFocused()
})

test('the frame of a mail is a stop for the keyboard, and shows when the focus is inside', async ({ page }) => {
  const { welcome_message_id: id } = await reader()
  await signIn(page)
  await page.goto(`/support/messages/${id}`)
  await page.getByRole('radio', { name: /^600/ }).focus()
  const entered = page.locator('[data-entered="true"]')
  await expect(entered).toHaveCount(0)
  await page.keyboard.press('Tab')
  await expect(entered).toHaveCSS('outline-style', 'solid')
  await page.keyboard.press('Shift+Tab')
  await expect(entered).toHaveCount(0)
})

/** By how much the page is wider than the window. */
const tooWide = () => document.documentElement.scrollWidth - document.documentElement.clientWidth

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 375, height: 812 },
  ]) {
    test.describe(`${colorScheme}, ${viewport.width} px`, () => {
      test.use({ colorScheme, viewport })

      test('axe finds nothing serious in the palette and the list of keys, and nothing goes sideways', async ({
        page,
      }) => {
        const person = await reader()
        const looks = async (name: string) => {
          await expectAccessible(page)
          expect(await page.evaluate(tooWide)).toBe(0)
          if (process.env['SHOTS'])
            await page.screenshot({ path: `${process.env['SHOTS']}/${name}-${colorScheme}-${viewport.width}.png` })
        }
        await signIn(page)
        await page.goto('/support/account')
        await page
          .getByRole('button', { name: /^Jump to/ })
          .filter({ visible: true })
          .click()
        await expect(option(page, 'Overview')).toBeVisible()
        await looks('palette-empty')
        await field(page).fill(person.email)
        await expect(option(page, /Welcome to Usual Store/)).toBeVisible()
        await looks('palette')
        await field(page).fill('nobody-has-this-name')
        await expect(page.getByText(/^No person and no message fits/)).toBeVisible()
        await looks('palette-none')
        await page.keyboard.press('Escape')
        await page
          .getByRole('button', { name: /^Account:/ })
          .filter({ visible: true })
          .click()
        await page.getByRole('menuitem', { name: 'Keys' }).click()
        await expect(help(page)).toBeVisible()
        await looks('keys')
        await help(page).getByRole('switch').uncheck()
        await looks('keys-off')
      })
    })
  }
}

test('where the pressed control goes away, the keyboard goes on beside it or at the heading', async ({ page }) => {
  const heading = page.getByRole('heading', { level: 1 })
  const press = (name: string | RegExp) => page.getByRole('button', { name }).press('Enter')
  const wrong = { first_name: 'Jonas', last_name: 'Focus', email: freshAddress('550') }
  const made = (await (await callApi('POST', '/api/users', wrong)).json()) as { id: number }
  await signIn(page)
  await page.goto(`/support/users/${made.id}`)
  await page.getByLabel('New note').fill('Called on Monday.')
  await press('Add note')
  await expect(page.getByText('Called on Monday.')).toBeVisible()
  await expect(page.getByLabel('New note')).toBeFocused()
  await press(/^Remove the note/)
  await expect(page.getByText('Called on Monday.')).toHaveCount(0)
  await expect(page.getByLabel('New note')).toBeFocused()

  const right = freshAddress('focus')
  await page.getByLabel('Correct address').fill(right)
  await press('Correct and send again')
  await expect(page.getByLabel('Correct address')).toHaveCount(0)
  await expect(heading).toBeFocused()

  const later = {
    to: right,
    subject: 'Later',
    message: 'Hello',
    send_at: new Date(Date.now() + 3_600_000).toISOString(),
  }
  const { id } = (await (await callApi('POST', '/api/messaging/send', later)).json()) as { id: string }
  await page.goto(`/support/messages/${id}`)
  await press('Cancel mail…')
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel mail' }).press('Enter')
  await expect(page.getByRole('button', { name: /Cancel mail/ })).toHaveCount(0)
  await expect(heading).toBeFocused()

  const search = page.getByRole('searchbox', { name: 'Recipient or subject' })
  await page.goto(`/support/messages?status=sent&within=30d&address=${encodeURIComponent(right)}`)
  await press('Clear the filter Status')
  await expect(page.getByRole('button', { name: 'Status Any' })).toBeFocused()
  await press('Clear the filter To')
  await expect(search).toBeFocused()
  await press('Clear filters')
  await expect(page).toHaveURL(/\/support\/messages$/)
  await expect(search).toBeFocused()
  await page.goto('/support/messages?search=nothing-has-these-words')
  await press('Clear filters')
  await expect(heading).toBeFocused()
})

test('who turns to the first or last page keeps the focus', async ({ page }) => {
  const word = `Pager${process.pid}`
  for (const first_name of ['Ada', 'Bea']) {
    await callApi('POST', '/api/users', { first_name, last_name: word, email: freshAddress('pager'), welcome: false })
  }
  await signIn(page)
  await open(page, `/support/users?search=${word}&page_size=1&sort_by=first_name&sort_order=asc`)
  const previous = page.getByRole('button', { name: 'Previous', exact: true })
  const next = page.getByRole('button', { name: 'Next', exact: true })
  await next.press('Enter')
  await expect(page.getByText('Page 2, by name')).toBeVisible()
  await expect(next).toBeDisabled()
  await expect(next).toBeFocused()
  await previous.press('Enter')
  await expect(previous).toBeDisabled()
  await expect(previous).toBeFocused()
})
