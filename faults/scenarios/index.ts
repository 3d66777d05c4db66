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
import { brokerWiped } from './broker-wiped'
import { diskFull } from './disk-full'
import { kafkaSilent } from './kafka-silent'
import { noCoordinator } from './no-coordinator'
import { postgresSilent } from './postgres-silent'
import { priority } from './priority'
import { relayKilled } from './relay-killed'
import { smtpBroken } from './smtp-broken'
import { wrongClocks } from './wrong-clocks'

/** In the order of the plan; those of one kind share a rig. */
export const scenarios: readonly Scenario[] = [
  noFault,
  killedWorkers,
  killedAfterTheDot,
  relayKilled,
  killedWeb,
  frozenWorker,
  restartedBroker,
  brokerAway,
  brokerWiped,
  noCoordinator,
  kafkaSilent,
  restartedPostgres,
  postgresSilent,
  locks,
  temporaryRefusals,
  smtpBroken,
  misconfigured,
  rebalances,
  repeatedRecords,
  wrongClocks,
  poisonedRecords,
  fiveMegabytes,
  diskFull,
  gracefulDeploy,
  priority,
]
