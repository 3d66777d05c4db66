import { defineConfig } from '@playwright/test'

/**
 * Browser tests drive the whole product as people meet it: `e2e/start-stack.ts` starts the real stack on free ports in a
 * folder of its own. CHROMIUM_PATH is set by `npm test`; without it Playwright's own browser is used.
 */
export default defineConfig({
  testDir: 'e2e',
  globalSetup: './e2e/start-stack.ts',
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 120_000, // against hanging only: a busy machine must not fail a test
  expect: { timeout: 20_000 },
  outputDir: 'test-results',
  use: {
    baseURL: process.env['E2E_WEB'], // set by the global setup, before the workers read this
    launchOptions: {
      executablePath: process.env['CHROMIUM_PATH'],
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
    trace: 'retain-on-failure',
    locale: 'en-GB',
    timezoneId: 'Europe/Kyiv',
  },
})
