import { expect, type Page } from '@playwright/test'
import type { Made } from './make-people'

export type Shot = {
  /** Of its files: `<name>-<scheme>-<width>.png`. */
  name: string
  path: string | ((made: Made) => string)
  /** What is done there before it is photographed. */
  open?: (page: Page) => Promise<unknown>
  isSignedOut?: true
}

const inMain = (page: Page) => page.getByRole('main')
const dialog = (page: Page) => page.getByRole('dialog')

/** Made once for each view, each time at another address. */
let kofis = 0
const kofi = (): string => `kofi.specimen@${['store', 'office', 'home', 'desk'][kofis++]}.example.net`

/** With nothing under way and nothing wrong. */
export const quietShots: Shot[] = [{ name: 'overview-quiet', path: '/support' }]

/** The usual day: a row for each page and each state of it. */
export const shots: Shot[] = [
  { name: 'sign-in', path: '/support/login', isSignedOut: true },
  {
    name: 'sign-in-refused',
    path: '/support/login',
    isSignedOut: true,
    open: async (page) => {
      await page.getByLabel('Address').fill('maya@example.com')
      await page.getByLabel('Password', { exact: true }).fill('not the password')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await expect(page.getByRole('alert').filter({ hasText: /\S/ }).first()).toBeVisible()
    },
  },
  { name: 'forgot-password', path: '/support/forgot-password', isSignedOut: true },
  { name: 'set-password', path: ({ link }) => link, isSignedOut: true },

  { name: 'overview', path: '/support' },
  { name: 'overview-answer', path: ({ address }) => `/support?q=${encodeURIComponent(address.retrying)}` },
  { name: 'overview-answer-no', path: ({ address }) => `/support?q=${encodeURIComponent(address.dead)}` },
  { name: 'overview-choices', path: '/support?q=example' },

  { name: 'users', path: '/support/users' },
  { name: 'users-none-match', path: '/support/users?search=nobody-has-this-name' },
  {
    name: 'users-create',
    path: '/support/users?create=1',
    open: async (page) => {
      await dialog(page).getByLabel('First name').fill('Priya')
      await dialog(page).getByLabel('Last name').fill('Demo')
      await dialog(page).getByLabel('Address').fill('priya.demo@gmial.com')
    },
  },
  {
    name: 'users-created',
    path: '/support/users?create=1',
    open: async (page) => {
      await dialog(page).getByLabel('First name').fill('Kofi')
      await dialog(page).getByLabel('Last name').fill('Specimen')
      await dialog(page).getByLabel('Address').fill(kofi())
      await dialog(page).getByRole('button', { name: 'Create user' }).click()
      await expect(dialog(page).getByText('Sent', { exact: true })).toBeVisible()
    },
  },
  { name: 'person', path: ({ person }) => `/support/users/${person.invited}` },
  { name: 'person-failed-mail', path: ({ person }) => `/support/users/${person.failed}` },
  { name: 'person-came-in', path: ({ person }) => `/support/users/${person.cameIn}` },
  {
    name: 'person-edit',
    path: ({ person }) => `/support/users/${person.invited}`,
    open: (page) => inMain(page).getByRole('button', { name: 'Edit…' }).click(),
  },
  {
    name: 'person-delete',
    path: ({ person }) => `/support/users/${person.invited}`,
    open: async (page) => {
      const button = inMain(page).getByRole('button', { name: 'Delete…' })
      if (await button.isVisible()) return button.click()
      await inMain(page)
        .getByRole('button', { name: /More|Actions/ })
        .first()
        .click()
      return page.getByRole('menuitem', { name: 'Delete…' }).click()
    },
  },

  { name: 'messages', path: '/support/messages' },
  { name: 'messages-filtered', path: '/support/messages?status=dead&status=retrying' },
  { name: 'messages-none-match', path: '/support/messages?search=nobody-has-this-name' },
  {
    name: 'messages-could-not-read',
    path: '/support/messages',
    open: async (page) => {
      const message = 'The database does not answer. Please try again in a few seconds.'
      await page.route(/\/api\/messages\?/, (route) =>
        route.fulfill({ status: 503, json: { error: true, message, errors: {}, request_id: '0b7c2f1e' } }),
      )
      await page.getByRole('searchbox').first().fill('olena')
      await expect(page.getByRole('alert').getByRole('button', { name: 'Try again' })).toBeVisible()
    },
  },
  { name: 'message-sent', path: ({ mail }) => `/support/messages/${mail.sent}` },
  { name: 'message-retrying', path: ({ mail }) => `/support/messages/${mail.retrying}` },
  { name: 'message-dead', path: ({ mail }) => `/support/messages/${mail.dead}` },
  { name: 'message-may-have-been-delivered', path: ({ mail }) => `/support/messages/${mail.unsure}` },
  { name: 'message-cancelled', path: ({ mail }) => `/support/messages/${mail.cancelled}` },
  { name: 'message-suppressed', path: ({ mail }) => `/support/messages/${mail.suppressed}` },
  {
    name: 'message-source',
    path: ({ mail }) => `/support/messages/${mail.sent}?part=source&width=360`,
    open: (page) => page.getByRole('radio', { name: 'Source' }).scrollIntoViewIfNeeded(),
  },

  { name: 'templates', path: '/support/templates' },
  { name: 'template', path: '/support/templates/welcome?role=supporter' },
  { name: 'template-text', path: '/support/templates/plain?part=text&width=360' },
  {
    name: 'template-tested',
    path: '/support/templates/password-reset',
    open: async (page) => {
      await page.getByRole('button', { name: 'Send a test to me' }).click()
      await expect(page.getByRole('region', { name: 'Your test' }).getByText('Sent', { exact: true })).toBeVisible()
    },
  },

  { name: 'audit', path: '/support/audit' },
  {
    name: 'audit-entry',
    path: '/support/audit?action=user.created',
    open: (page) => inMain(page).getByRole('link', { name: 'Created the account' }).first().click(),
  },
  { name: 'keys', path: '/support/api-keys' },
  {
    name: 'keys-create',
    path: '/support/api-keys',
    open: async (page) => {
      await page.getByRole('button', { name: 'Create key' }).click()
      await dialog(page).getByLabel('Name').fill('Web shop')
    },
  },
  { name: 'account', path: '/support/account' },
  {
    name: 'palette',
    path: '/support',
    open: async (page) => {
      await page.keyboard.press('Control+k')
      await dialog(page).getByRole('combobox').fill('olena')
      await expect(dialog(page).getByRole('option').first()).toBeVisible()
    },
  },
  {
    name: 'help',
    path: '/support/messages',
    open: async (page) => {
      await page.keyboard.press('?')
      await expect(dialog(page)).toBeVisible()
    },
  },
  { name: 'not-found', path: '/support/users/999999999' },
]

/** While the mail server says nothing. */
export const outageShots: Shot[] = [
  { name: 'overview-outage', path: '/support' },
  { name: 'messages-outage', path: '/support/messages?status=queued&status=retrying' },
  { name: 'message-delayed', path: ({ mail }) => `/support/messages/${mail.delayed}` },
]
