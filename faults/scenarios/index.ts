import type { Scenario } from '../scenario'
import { fiveMegabytes } from './five-megabytes'
import { frozenWorker } from './frozen-worker'
import { brokerAway, restartedBroker } from './kafka'
import { locks } from './locks'
import { noFault } from './none'
import { restartedPostgres } from './postgres'
import { gracefulDeploy, killedAfterTheDot, killedWeb, killedWorkers } from './processes'
import { rebalances } from './rebalances'
import { poisonedRecords, repeatedRecords } from './records'
import { misconfigured, temporaryRefusals } from './smtp'
import { wrongClocks } from './wrong-clocks'

/** In the order of the plan; those of one kind share a rig. */
export const scenarios: readonly Scenario[] = [
  noFault,
  killedWorkers,
  killedAfterTheDot,
  killedWeb,
  frozenWorker,
  restartedBroker,
  brokerAway,
  restartedPostgres,
  locks,
  temporaryRefusals,
  misconfigured,
  rebalances,
  repeatedRecords,
  wrongClocks,
  poisonedRecords,
  fiveMegabytes,
  gracefulDeploy,
]
