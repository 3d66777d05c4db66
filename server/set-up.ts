import { AppError } from '@/core/errors'
import type { SetUpRequest } from '@/core/requests'
import { writeAudit } from '@/db/audit'
import { isSetupLinkGood, lockSetup, spendSetupLink } from '@/db/setup-links'
import { insertUser } from '@/db/users'
import { hashPassword } from '@/runtime/password'
import { hashToken } from '@/runtime/seal'
import type { Caller } from './actor'
import type { Context } from './context'
import { refuseTakenAddress } from './taken-address'
import { refuseWeakPassword } from './weak-password'

/** One sentence for a link that never was, was used, is too old or no longer needed: it is nobody's business which. */
function over(): AppError {
  const sentence =
    'This link does not work any more. If nobody can sign in, make a new one with: npm run admin -- create'
  return new AppError('invalid', sentence, { token: sentence })
}

/** Makes the first super_admin, for the holder of the link from the server's log. */
export async function setUp({ db }: Context, caller: Caller, request: SetUpRequest): Promise<void> {
  const tokenHash = hashToken(request.token)
  // Looked at first: a dead link must not cost a hash.
  if (!(await isSetupLinkGood(db, tokenHash))) throw over()
  const { first_name: firstName, last_name: lastName, email } = request
  refuseWeakPassword(request.password, { firstName, lastName, email })
  const passwordHash = await hashPassword(request.password)
  await db
    .transaction(async (tx) => {
      await lockSetup(tx)
      if (!(await spendSetupLink(tx, tokenHash))) throw over()
      const id = await insertUser(tx, {
        firstName,
        lastName,
        email,
        role: 'super_admin',
        passwordHash,
        mustChangePassword: false,
        createdByName: 'Set-up link',
      })
      await writeAudit(tx, {
        ...caller,
        actor: 'nobody',
        action: 'super_admin.made',
        target: `user:${id}`,
        detail: { by: 'set-up link' },
      })
    })
    .catch(refuseTakenAddress)
}
