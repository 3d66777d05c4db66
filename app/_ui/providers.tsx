'use client'

import { ThemeProvider } from '@mui/material/styles'
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { LiveRegion } from './announce'
import { ApiError } from './api'
import { ClockProvider } from './clock'
import { leaveForSignIn, noteSession } from './session-ended'
import { theme } from './theme'
import { Toasts } from './toast'

function newQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (error instanceof ApiError && error.status === 401) leaveForSignIn()
      },
      onSuccess: noteSession,
    }),
    defaultOptions: {
      queries: {
        // What the server has just put on the page need not be asked for again at once.
        staleTime: 1000,
        // Asked without a network too: a page that cannot keep up must not go on saying that it is live.
        networkMode: 'always',
        retry: false,
      },
    },
  })
}

export function Providers({ now, zone, children }: { now: number; zone: string; children: ReactNode }) {
  const [queryClient] = useState(newQueryClient)
  return (
    <QueryClientProvider client={queryClient}>
      <ThemeProvider theme={theme} defaultMode="system">
        <ClockProvider now={now} zone={zone}>
          {children}
          <Toasts />
          <LiveRegion />
        </ClockProvider>
      </ThemeProvider>
    </QueryClientProvider>
  )
}
