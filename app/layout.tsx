import '@fontsource-variable/inter/opsz.css'
import '@fontsource-variable/jetbrains-mono'
import './_ui/globals.css'
import './_ui/tones.css'
import InitColorSchemeScript from '@mui/material/InitColorSchemeScript'
import { AppRouterCacheProvider } from '@mui/material-nextjs/v16-appRouter'
import type { Metadata, Viewport } from 'next'
import { headers } from 'next/headers'
import type { ReactNode } from 'react'
import { preload } from 'react-dom'
import { Providers } from './_ui/providers'
import { readerZone } from './reader-zone'

export const metadata: Metadata = {
  title: { default: 'Usual Store Support', template: '%s · Usual Store Support' },
  robots: { index: false, follow: false },
}

export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#F6F5F2' },
    { media: '(prefers-color-scheme: dark)', color: '#0E0E0F' },
  ],
}

/** Text is Latin on every page: its font is asked for before the styles that name it have arrived. */
const latin = new URL('@fontsource-variable/inter/files/inter-latin-opsz-normal.woff2', import.meta.url).href

/** Every page is dynamic: the nonce of its Content-Security-Policy is new each time (proxy.ts). */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get('x-nonce') ?? undefined
  const zone = await readerZone()
  preload(latin, { as: 'font', type: 'font/woff2', crossOrigin: 'anonymous' })
  return (
    <html lang="en" suppressHydrationWarning>
      <body>
        <InitColorSchemeScript attribute="data" defaultMode="system" nonce={nonce} />
        <AppRouterCacheProvider options={{ enableCssLayer: true, nonce }}>
          {/* oxlint-disable-next-line react/purity -- a server component: made once for each request */}
          <Providers zone={zone} now={Date.now()}>
            {children}
          </Providers>
        </AppRouterCacheProvider>
      </body>
    </html>
  )
}
