import { toSearch } from '@/app/_ui/list-query'

/** Their mail: all that is about their account, and all that went to their address without naming it. */
export const mailPath = (userId: number): string => `/api/messages?${toSearch({ person: userId, limit: 25 })}`
