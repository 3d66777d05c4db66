import type { Sql } from './client'

/**
 * A link for this try; earlier links of the same message stay valid, so a late mail never carries a dead one. Its life begins now.
 *
 * The account is locked while it is looked at: a link that is minted while it is disabled, or while its address is changed,
 * would outlive that. By a function of the migration, for the worker itself may read nobody.
 * @returns when it ends, or null when the account is gone, disabled, or has another address
 */
export async function mintLink(
  sql: Sql,
  link: { tokenHash: Buffer; userId: number; messageId: string; toAddress: string; lifeMinutes: number },
): Promise<Date | null> {
  const [row] = await sql<{ expires_at: Date }[]>`
    insert into one_time_links (token_hash, user_id, message_id, expires_at)
    select ${link.tokenHash}, id, ${link.messageId}, now() + ${link.lifeMinutes}::int * interval '1 min'
    from lock_account(${link.userId}::int)
    where status = 'active' and lower(email) = lower(${link.toAddress})
    returning expires_at`
  return row?.expires_at ?? null
}
