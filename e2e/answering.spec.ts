import type { Page } from '@playwright/test'
import {
  callApi,
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

/** Stories of people at work: a supporter answers a customer, an administrator mends a wrong address. */

type Made = { id: number; welcome_message_id: string }
const create = async (first: string, last: string, email: string, more: object = {}): Promise<Made> =>
  (await (await callApi('POST', '/api/users', { first_name: first, last_name: last, email, ...more })).json()) as Made

const question = (page: Page) => page.getByRole('searchbox', { name: 'Name or address' })
/** What the page shows, not what it says to a screen reader besides. */
const answer = (page: Page, words: RegExp) => page.getByRole('main').getByText(words)
/** What a screen reader is told. */
const said = (page: Page) => page.locator('body > output[aria-live=polite]')
const copied = (page: Page) => page.evaluate(() => navigator.clipboard.readText())

test.describe('a supporter answers a customer', () => {
  test.use({ permissions: ['clipboard-read', 'clipboard-write'] })

  test('by mouse: the name, the answer, the words to paste, the whole story, and a new link', async ({ page }) => {
    const email = freshAddress('olena')
    const family = `Sample${Date.now().toString(36)}`
    const made = await create('Olena', family, email)
    await mailTo(email)
    await signIn(page, await person('supporter'))

    await question(page).fill(`olena ${family}`)
    await expect(answer(page, /^Yes\. .* accepted it at .* The link in it has not been opened yet\.$/)).toBeVisible()
    await expect(page).toHaveURL(/\?q=olena/)
    await page.getByRole('button', { name: 'Copy the text for the customer' }).click()
    expect(await copied(page)).toMatch(
      /^Hello Olena, our mail “Welcome to Usual Store.*” was accepted for delivery at .* spam folder for noreply@usualstore\.com\. Its link works until/,
    )
    await expectAccessible(page)

    await page.getByRole('link', { name: 'Open message' }).click()
    await expect(page).toHaveURL(new RegExp(made.welcome_message_id))
    await expect(page.getByRole('heading', { name: 'Where the time went' })).toBeVisible()
    await page.getByText('Reply 250').click()
    await expect(page.getByText(/^250 /)).toBeVisible()
    await page.getByRole('button', { name: 'More about this mail' }).click()
    await expect(page.getByText('It was accepted already, so it cannot be cancelled any more.')).toBeVisible()
    await page.getByRole('menuitem', { name: 'Copy case' }).click()
    const text = await copied(page)
    expect(text).toContain(`/support/messages/${made.welcome_message_id}`)
    expect(text).toContain('"timeline"')
    expect(text).not.toMatch(/set-password#\S/)

    await page.goBack()
    await expect(question(page)).toHaveValue(`olena ${family}`)
    await page.getByRole('button', { name: 'Send a new link' }).click()
    await expect(page.getByText('Links of the earlier ones no longer work.').first()).toBeVisible()
    await expect(page.getByRole('heading', { name: 'Earlier mail to them' })).toBeVisible()
  })

  test('by keyboard alone', async ({ page }) => {
    const email = freshAddress('tom')
    const family = `Tester${Date.now().toString(36)}`
    await create('Tom', family, email)
    await mailTo(email)
    await signIn(page, await person('supporter'))

    await page.keyboard.press('/')
    await page.keyboard.type(family)
    await expect(answer(page, /^Yes\. /)).toBeVisible()
    await tabTo(page, 'Copy the text for the customer')
    await page.keyboard.press('Enter')
    expect(await copied(page)).toContain('Hello Tom,')
    await page.keyboard.press('/')
    await tabTo(page, 'Open message')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('heading', { level: 1, name: /Welcome to Usual Store/ })).toBeFocused()
    await tabTo(page, 'Send again…')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('dialog', { name: 'Send again?' })).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('button', { name: 'Send again…' })).toBeFocused()
  })

  test('somebody who is not known, one who is mistyped, and several who fit', async ({ page }) => {
    const family = `Twin${Date.now().toString(36)}`
    const [one, other] = [freshAddress('one'), freshAddress('other')]
    await create('Ada', family, one)
    await create('Bea', family, other)
    await signIn(page)
    await question(page).fill('nobody.has.this.name')
    await expect(answer(page, /Nobody and no mail is found for/)).toBeVisible()
    // Said once, in a region that is there before its words are: nothing that ticks is read out.
    await expect(said(page)).toHaveText('Nobody and no mail is found for “nobody.has.this.name”.')
    await expect(page.getByRole('main').locator('[aria-live]')).toHaveCount(0)
    await question(page).fill(`ada${family}x`)
    await expect(answer(page, /Nobody is found by exactly that\. Is it one of these\?/)).toBeVisible()
    await expect(page.getByRole('button', { name: new RegExp(`Ada ${family}`) })).toBeVisible()
    await question(page).fill(family)
    await page.getByRole('button', { name: new RegExp(`Bea ${family}`) }).click()
    await expect(question(page)).toHaveValue(other)
    await expect(page.getByText(`to ${other}`)).toBeVisible()
    await expect(said(page)).toHaveText(/^(Yes|Not yet)\./)
  })
})

/** Goes on with Tab until that stands under the focus, as somebody without a mouse does; gives up after the whole page. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let steps = 0; steps < 80; steps++) {
    await page.keyboard.press('Tab')
    const isThere = await page.evaluate(
      (wanted) =>
        (document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent)?.startsWith(wanted),
      name,
    )
    if (isThere) return
  }
  throw new Error(`Tab never came to "${name}"`)
}

test('an administrator mends a wrong address: corrected, sent again, and the story goes on to the first password', async ({
  page,
  browser,
}) => {
  const wrong = freshAddress('550')
  const right = freshAddress('right')
  const made = await create('Jonas', 'Placeholder', wrong)
  await signIn(page)
  await page.goto(`/support/users/${made.id}`)
  await expect(page.getByText(/^No\. .* says the mailbox does not exist/).first()).toBeVisible()
  await expect(page.getByText(`the address we have is ${wrong}`)).toBeVisible()
  const steps = page.getByRole('region', { name: /Getting started/ })
  await expect(steps.getByText('Not accepted')).toBeVisible()

  const field = page.getByLabel('Correct address')
  await page.getByRole('button', { name: 'Correct and send again' }).click()
  await expect(page.getByText('This is the address that did not work.')).toBeVisible()
  await field.fill('jonas@gmial.com')
  await page.getByRole('button', { name: 'jonas@gmail.com' }).click()
  await expect(field).toHaveValue('jonas@gmail.com')
  await field.fill(right)
  await page.getByRole('button', { name: 'Correct and send again' }).click()
  await expect(page.getByText(`a new invitation to ${right} is queued`).first()).toBeVisible()
  await expect(answer(page, /^Yes\. .* accepted it/)).toBeVisible()
  await expect(steps.getByText('Accepted for delivery')).toBeVisible()

  // The customer, elsewhere.
  const elsewhere = await browser.newPage()
  await elsewhere.goto(linkIn(await mailTo(right)))
  await expect(steps.getByText('Link opened')).toBeVisible()
  await elsewhere.getByLabel('New password').fill('a passphrase of theirs')
  await elsewhere.getByLabel('The same again').fill('a passphrase of theirs')
  await elsewhere.getByRole('button', { name: 'Set password' }).click()
  await expect(elsewhere.getByRole('heading', { name: 'Your password is set' })).toBeVisible()
  await elsewhere.close()
  await expect(page.getByText('all steps are done')).toBeVisible()

  await page.getByLabel('New note').fill('Called; the old address had a typing error.')
  await page.getByRole('button', { name: 'Add note' }).click()
  await expect(page.getByText('Called; the old address had a typing error.')).toBeVisible()
  await expect(page.getByLabel('New note')).toHaveValue('')
  await page.getByRole('button', { name: /^Remove the note/ }).click()
  await expect(page.getByText('Called; the old address')).toHaveCount(0)

  // Whoever is asked by the old address is led to the new one.
  await page.goto(`/support?q=${encodeURIComponent(wrong)}`)
  await expect(page.getByText(`It was sent again to ${right}, as another message: look there.`)).toBeVisible()
  await expect(page.getByRole('link', { name: 'Open Jonas Placeholder' })).toBeVisible()
  await page.getByRole('link', { name: 'See what was sent again' }).click()
  await expect(answer(page, /^Yes\. .* accepted it/)).toBeVisible()
})

test('an address is taken off the suppression list where its mail is told of, and the mail is sent again', async ({
  page,
}) => {
  const email = freshAddress('listed')
  expect((await callApi('POST', '/api/suppressions', { address: email })).status).toBe(201)
  const id = await send(email)
  await signIn(page)
  await page.goto(`/support/messages/${id}`)
  await expect(page.getByText(/^Not sent: this address has been on the suppression list/).first()).toBeVisible()
  await page.getByRole('button', { name: 'Take it off the suppression list' }).click()
  await page.getByRole('button', { name: 'Send again…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Send again' }).click()
  await expect(answer(page, /^Yes\. .* accepted it/)).toBeVisible()
  await mailTo(email)
})

const send = async (to: string, more: object = {}): Promise<string> => {
  const mail = { to, subject: 'Your order', message: 'It has left.', ...more }
  return ((await (await callApi('POST', '/api/messaging/send', mail)).json()) as { id: string }).id
}

test('a dead mail is tried again, one that waits is cancelled, each with what follows said before', async ({
  page,
}) => {
  const dead = await send(freshAddress('552'))
  const later = await send(freshAddress('later'), { send_at: new Date(Date.now() + 3_600_000).toISOString() })
  await signIn(page)
  await page.goto(`/support/messages/${dead}`)
  await page.getByRole('button', { name: 'Retry now' }).click()
  await expect(page.getByText('It is tried again now.').first()).toBeVisible()
  await expect(page.getByText('Put back by')).toBeVisible()

  await page.goto(`/support/messages/${later}`)
  await page.getByRole('button', { name: 'Cancel mail…' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText('Nothing more is sent to')).toBeVisible()
  await dialog.getByRole('button', { name: 'Cancel mail' }).click()
  await expect(answer(page, /^No\. It was cancelled at/)).toBeVisible()
  await expect(page.getByRole('button', { name: /Cancel mail/ })).toHaveCount(0)
  await page.getByRole('button', { name: 'Send again…' }).click()
  await dialog.getByRole('button', { name: 'Send again' }).click()
  await expect(answer(page, /^Yes\. .* accepted it/)).toBeVisible()
  await expect(page).not.toHaveURL(new RegExp(later))
  await page.getByRole('link', { name: new RegExp(`^${later.slice(0, 8)}`) }).click()
  await expect(page).toHaveURL(new RegExp(later))
})

test.describe('on plain HTTP', () => {
  test('copying works without the clipboard of secure pages', async ({ page }) => {
    await page.addInitScript(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }))
    await signIn(page)
    await question(page).fill(stack().login?.email ?? '')
    await page
      .getByRole('link', { name: /^Open / })
      .first()
      .click()
    await page.getByRole('button', { name: 'Copy the address' }).click()
    await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible()
  })
})
