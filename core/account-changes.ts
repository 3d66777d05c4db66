import { sameAddressKey } from './address'
import type { EditUserRequest } from './requests'
import { raisesRole, type Role } from './roles'

type Account = {
  firstName: string
  lastName: string
  email: string
  role: Role
  status: 'active' | 'disabled'
  mustChangePassword: boolean
}
type Field = 'firstName' | 'lastName' | 'email' | 'role' | 'status'

const namesOf: Record<Field, Exclude<keyof EditUserRequest, 'current_password' | 'send_again'>> = {
  firstName: 'first_name',
  lastName: 'last_name',
  email: 'email',
  role: 'role',
  status: 'status',
}
const fields = Object.keys(namesOf) as Field[]

export type AccountChanges = {
  /** What is to be written: only what differs. */
  changes: Partial<Pick<Account, Field>>
  /** The same for the audit, under the names of the API. */
  before: Record<string, unknown>
  after: Record<string, unknown>
  /** Another mailbox; other capitals are the same one. */
  movesAddress: boolean
  disables: boolean
  /** A higher role than whoever made the account may have been allowed to give. */
  raises: boolean
  /** Whoever is signed in goes on with nothing of what they were. */
  endsSessions: boolean
  /**
   * It was mailed to an address that is not theirs, and whoever reads mail there must not get in; or whoever chose it may have
   * had no right to the role that the account has now.
   */
  voidsFirstPassword: boolean
}

/** What a request would change of an account, and what follows from that. */
export function accountChanges(account: Account, request: EditUserRequest): AccountChanges {
  const asked = fields.filter((field) => {
    const value = request[namesOf[field]]
    return value !== undefined && value !== account[field]
  })
  const named = (value: (field: Field) => unknown) =>
    Object.fromEntries(asked.map((field) => [namesOf[field], value(field)]))
  const changes = Object.fromEntries(asked.map((field) => [field, request[namesOf[field]]])) as Partial<
    Pick<Account, Field>
  >
  const movesAddress = changes.email !== undefined && sameAddressKey(changes.email) !== sameAddressKey(account.email)
  const disables = changes.status === 'disabled'
  const raises = changes.role !== undefined && raisesRole(account.role, changes.role)
  const voidsFirstPassword = (movesAddress || raises) && account.mustChangePassword
  return {
    changes,
    before: named((field) => account[field]),
    after: named((field) => changes[field]),
    movesAddress,
    disables,
    raises,
    endsSessions: disables || changes.role !== undefined || voidsFirstPassword,
    voidsFirstPassword,
  }
}
