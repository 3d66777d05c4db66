import { findNeeds } from '@/db/needs'
import type { Context } from './context'
import { shared } from './shared'

/** It changes slowly, and is asked for with everything else. */
const keepMs = 5_000

/** What somebody has to see to. One question for all open pages of this process. */
export const getNeeds = shared(keepMs, ({ pages }: Context) => findNeeds(pages))
