import type { Role } from '@/core/roles'

/** What each role is for, where one is chosen. */
export const roleMeanings: Record<Role, string> = {
  user: 'Shops at the store. Cannot sign in here.',
  supporter: 'Answers customers and creates users.',
  admin: 'Creates users and support agents, and deletes them.',
  super_admin: 'May do everything, and creates every role.',
}
