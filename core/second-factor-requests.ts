import { z } from 'zod'

const presentPassword = z.string().min(1).max(128)
/** Of an authenticator app, or a recovery code; as it was typed. */
const typedCode = z.string().trim().min(1).max(64)

export const beginSecondFactorRequest = z.strictObject({ password: presentPassword })
export const confirmSecondFactorRequest = z.strictObject({ code: typedCode })
export const removeSecondFactorRequest = z.strictObject({ password: presentPassword, code: typedCode })

/** For which roles of staff a second factor is a must. */
export const secondFactorSetting = z.strictObject({
  supporter: z.boolean(),
  admin: z.boolean(),
  super_admin: z.boolean(),
})
export type SecondFactorSetting = z.output<typeof secondFactorSetting>
