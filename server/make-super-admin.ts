import { randomUUID } from 'node:crypto'
import { writeAudit } from '@/db/audit'
import type { Database } from '@/db/client'
import { insertOwnLink } from '@/db/one-time-links'
import { lockSetup } from '@/db/setup-links'
import { insertUser } from '@/db/users'
import { newToken } from '@/runtime/seal'
import { commandLine, tellOfNewStaff } from './notices'
import type { MailContext } from './queue-mail'
import { refuseTakenAddress } from './taken-address'

/**
 * Makes a super_admin, for whoever has the server itself. They get no mail, for they may come before any mail works; the others
 * are told, by the relay.
 * @returns the link with which they set their password: 72 h, once
 */
export async function makeSuperAdmin(
  { db, config }: MailContext & { db: Database; config: { NEXTAUTH_URL: string } },
  person: { firstName: string; lastName: string; email: string },
): Promise<{ id: number; link: string }> {
  const { token, hash } = newToken()
  const id = await db
    .transaction(async (tx) => {
      await lockSetup(tx)
      const id = await insertUser(tx, {
        ...person,
        role: 'super_admin',
        passwordHash: null,
        mustChangePassword: false,
        createdByName: commandLine,
      })
      await insertOwnLink(tx, { tokenHash: hash, userId: id, lifeHours: 72 })
      await writeAudit(tx, {
        actor: 'system',
        action: 'super_admin.made',
        target: `user:${id}`,
        detail: { by: 'command line' },
        requestId: randomUUID(),
        address: null,
      })
      await tellOfNewStaff({ config }, tx, null, { ...person, id, role: 'super_admin', how: 'created' })
      return id
    })
    .catch(refuseTakenAddress)
  return { id, link: new URL(`/set-password#${token}`, config.NEXTAUTH_URL).href }
}
