import { AppError } from '@/core/errors'
import type { User } from '@/db/users'

/** Without one, nobody could make another. Both are known under one lock (`lockUserAndSuperAdmins`). */
export function refuseLastSuperAdmin(user: Pick<User, 'role' | 'status'>, activeSuperAdmins: number): void {
  if (user.role !== 'super_admin' || user.status !== 'active' || activeSuperAdmins > 1) return
  throw new AppError('conflict', 'This is the last active Super Administrator, and one has to stay.')
}
