/** What a login must be a member of (migration `database_roles`): who may do what is granted to these two. */
export const databaseRoles = { app: 'usual_store_app', worker: 'usual_store_worker' } as const
export type DatabaseRole = keyof typeof databaseRoles

/**
 * The same database with the rights of a role: for tests, which come in as the owner of the server. Postgres then refuses
 * what it would refuse a login that is a member of that role.
 */
export function asRole(url: string, role: DatabaseRole): string {
  const address = new URL(url)
  address.searchParams.set('role', databaseRoles[role])
  return address.href
}
