import { listMessagesQuery, type ListMessagesQuery } from '@/core/requests'
import type { UserView } from '@/core/views'

/** Their mail: all that went to their address, also what other services asked for without naming the account. */
export const mailQuery = (user: UserView): ListMessagesQuery => listMessagesQuery.parse({ to: user.email })
