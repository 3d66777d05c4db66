/** From least to most: what each may do stands in permissions.ts. */
export const roles = ['user', 'supporter', 'admin', 'super_admin'] as const
export type Role = (typeof roles)[number]

const labels: Record<Role, string> = {
  user: 'User',
  supporter: 'Support Agent',
  admin: 'Administrator',
  super_admin: 'Super Administrator',
}

/** The name people see: `Support Agent` for `supporter`. */
export const roleLabel = (role: Role): string => labels[role]

export const isRole = (value: string): value is Role => (roles as readonly string[]).includes(value)

/** May touch the accounts of others. */
export const isAdministrator = (role: Role): boolean => role === 'admin' || role === 'super_admin'

/** Higher than before. */
export const raisesRole = (from: Role, to: Role): boolean => roles.indexOf(to) > roles.indexOf(from)

/** Higher than before, and so high that the others who are there should know of it. */
export const isPromotion = (from: Role, to: Role): boolean => isAdministrator(to) && raisesRole(from, to)
