import { canSignInToDashboard } from '@/core/permissions'
import type { Role } from '@/core/roles'
import { dashboard, signInPage } from '@/core/sign-in'
import type { WebConfig } from '@/runtime/config'

/** Where somebody goes on to once they have a password of their own: staff to the dashboard, others to the store. */
export function afterPassword(config: WebConfig, role: Role, session: 'signed_in' | 'signed_out'): string {
  if (!canSignInToDashboard(role)) return config.STORE_URL
  return session === 'signed_in' ? dashboard : signInPage
}
