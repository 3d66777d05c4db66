import { AppError } from '@/core/errors'
import { createableRoles } from '@/core/permissions'
import type { CreateUserRequest } from '@/core/requests'
import { isAdministrator, roleLabel, type Role } from '@/core/roles'
import { writeAudit } from '@/db/audit'
import { insertUser } from '@/db/users'
import { hashPassword } from '@/runtime/password'
import { auditOf, nameOf } from './actor'
import type { Context } from './context'
import { refuseTakenAddress } from './taken-address'
import { publishAll, tellOfNewStaff } from './notices'
import { writeOnce, type AskedOnce } from './once'
import { queueMail } from './queue-mail'
import { refuseWeakPassword } from './weak-password'
import { welcomeMail } from './welcome-mail'

export type CreatedUser = {
  id: number
  first_name: string
  last_name: string
  email: string
  role: Role
  welcome_message_id: string | null
}

/** Writes the account and its welcome mail together: neither exists without the other. */
export async function createUser(
  context: Context,
  asked: AskedOnce<CreatedUser>,
  request: CreateUserRequest,
): Promise<CreatedUser> {
  const { actor } = asked
  const { role, email, first_name: firstName, last_name: lastName, password = null } = request
  if (!createableRoles(actor).includes(role)) {
    throw new AppError('forbidden', `You may not create an account with the role ${roleLabel(role)}.`)
  }
  if (password !== null) refuseWeakPassword(password, { firstName, lastName, email })
  const passwordHash = password === null ? null : await hashPassword(password)
  const createdByName = nameOf(actor)

  const { result, queued, told } = await writeOnce(context, asked, async (tx) => {
    const person = { firstName, lastName, email, role, createdByName }
    const id = await insertUser(
      tx,
      passwordHash === null
        ? { ...person, passwordHash, mustChangePassword: false }
        : { ...person, passwordHash, mustChangePassword: true },
    )
    const queued = request.welcome
      ? await queueMail(context, tx, welcomeMail(context.config, { id, ...person }, password, actor))
      : null
    const welcomeId = queued?.id ?? null
    const told = isAdministrator(role)
      ? await tellOfNewStaff(context, tx, actor, { id, ...person, how: 'created' })
      : []
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'user.created',
      target: `user:${id}`,
      after: { first_name: firstName, last_name: lastName, email, role },
      detail: { role, welcome_message_id: welcomeId },
    })
    const result = { id, first_name: firstName, last_name: lastName, email, role, welcome_message_id: welcomeId }
    return { result, queued, told }
  }).catch(refuseTakenAddress)

  await publishAll(context, [queued, ...told])
  return result
}
