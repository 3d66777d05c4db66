import type { Scenario } from '../scenario'
import { fiveMegabytes } from './five-megabytes'
import { frozenWorker } from './frozen-worker'
import { locks } from './locks'
import { noFault } from './none'
import { rebalances } from './rebalances'
import { wrongClocks } from './wrong-clocks'

/** In the order in which they run: those of one rig together. */
export const scenarios: readonly Scenario[] = [noFault, frozenWorker, locks, rebalances, wrongClocks, fiveMegabytes]
