import type { Scenario } from '../scenario'
import { noFault } from './none'

/** In the order in which they run: those of one rig together. */
export const scenarios: readonly Scenario[] = [noFault]
