import { keyRoles, type StaffActor } from '@/core/permissions'
import type { KeyView } from '@/core/views'
import { listKeys as findKeys } from '@/db/api-keys'
import type { Context } from './context'
import { keyView } from './key-view'

export type KeyList = { keys: KeyView[] }

/** The keys that this person may revoke, the newest first; those that ended as well, because they explain what was. */
export async function listKeys({ db }: Context, actor: StaffActor): Promise<KeyList> {
  return { keys: (await findKeys(db, keyRoles(actor))).map(keyView) }
}
