import type { Locator, Page } from '@playwright/test'
import { callApi, expect, expectAccessible, freshAddress, mailTo, signIn, test } from './fixtures'

const views = [
  { name: 'wide, light', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { name: 'wide, dark', colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  { name: '375 px, light', colorScheme: 'light', viewport: { width: 375, height: 812 } },
  { name: '375 px, dark', colorScheme: 'dark', viewport: { width: 375, height: 812 } },
] as const

/** How far the page can be scrolled to the side. */
const sideways = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

for (const { name, colorScheme, viewport } of views) {
  test.describe(name, () => {
    test.use({ colorScheme, viewport })

    test('every page has one heading, nothing serious for axe, and no sideways scroll', async ({ page }) => {
      test.setTimeout(300_000)
      const email = freshAddress('reader')
      const made = (await (
        await callApi('POST', '/api/users', { first_name: 'Olena', last_name: 'Sample', email })
      ).json()) as { id: number; welcome_message_id: string }
      await mailTo(email)
      const wrong = { first_name: 'Jonas', last_name: 'Placeholder', email: freshAddress('550') }
      const mistyped = (await (await callApi('POST', '/api/users', wrong)).json()) as { id: number }
      const dead = (await (
        await callApi('POST', '/api/messaging/send', {
          to: freshAddress('550'),
          subject: 'Your order',
          message: 'Hello',
        })
      ).json()) as { id: string }

      const looks = async (path: string, last?: Locator, open?: Locator) => {
        await page.goto(path)
        await open?.click()
        if (last) await expect(last).toBeVisible()
        await expect(page.locator('h1')).toHaveCount(1) // also behind a dialog, which hides it from roles
        await expectAccessible(page)
        expect(await sideways(page)).toBe(0)
        // The same at 200 % zoom, which halves the room.
        if (viewport.width < 1_000) return
        await page.setViewportSize({ width: viewport.width / 2, height: viewport.height / 2 })
        expect(await sideways(page)).toBe(0)
        await page.setViewportSize(viewport)
      }
      await looks('/support/login')
      await looks('/support/forgot-password')
      await looks('/set-password#not-a-token')
      await looks('/setup#not-a-token')
      await signIn(page)
      await looks('/support')
      await looks(`/support?q=${encodeURIComponent(email)}`, page.getByText('To tell the customer'))
      await looks(
        '/support?q=a',
        page
          .getByRole('main')
          .getByText(/Several people fit|To tell the customer/)
          .first(),
      )
      await looks('/support?q=nobody.has.this.name', page.getByRole('main').getByText(/Nobody and no mail is found/))
      await looks('/support/users')
      await looks('/support/users?search=nobody-has-this-name')
      await looks('/support/users?create=1', page.getByRole('dialog').getByLabel('First name'))
      await looks(`/support/users/${made.id}`)
      await looks(`/support/users/${mistyped.id}`, page.getByLabel('Correct address'))
      const dialog = page.getByRole('dialog')
      const button = (name: string) => page.getByRole('button', { name })
      await looks(`/support/users/${made.id}`, dialog.getByLabel('Address'), button('Edit…'))
      await looks('/support/api-keys', page.getByRole('listitem').filter({ hasText: 'local' }).first())
      await looks('/support/api-keys', dialog.getByLabel('Name'), button('Create key'))
      // Whom it was done to is said on a phone too.
      await looks('/support/audit', page.getByRole('main').getByText('Olena Sample').first())
      await looks('/support/account')
      await looks('/support/messages')
      await looks(`/support/messages/${made.welcome_message_id}`)
      await looks(`/support/messages/${dead.id}`)
    })
  })
}
