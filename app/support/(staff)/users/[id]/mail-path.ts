import { toSearch } from '@/app/_ui/list-query'
import type { UserView } from '@/core/views'

/** Their mail: all that went to their address, also what other services asked for without naming the account. */
export const mailPath = ({ email }: UserView): string => `/api/messages?${toSearch({ to: email, limit: 25 })}`
