import type { Audit } from './audit'
import type { Load } from './load'
import type { Random } from './random'
import type { Rig, RigKind } from './rig'

/** One fault, and what must hold beside the bars that hold for every fault. */
export type Scenario = {
  id: string
  title: string
  kind: RigKind
  /** Its rig is of no use to others: data is wiped, a disk is filled. */
  ownRig?: boolean
  /** Why this machine cannot make this fault: said instead of a run, and never counted as passed. */
  notPossible?: string
  /** How long the load takes; standard: as `--rate` says. */
  seconds?: (isShort: boolean, isFull: boolean) => number
  mix?: Parameters<Load['run']>[0]['mix']
  /** Reasons to be given up that this fault explains; standard: none. */
  allowedDead?: readonly string[]
  /** Accepting itself is what is disturbed, so a request may fail, though never hang. */
  mayRefuse?: boolean
  /** How long the work may take after the load and the fault are over; standard 120 s. */
  drainSeconds?: number
  /** Before the load; what it makes of the rig, the rig's end or `fault` undoes. */
  prepare?: (rig: Rig) => Promise<void>
  /** Runs beside the load. */
  fault: (run: Run) => Promise<void>
  /** After everything is done. */
  check?: (run: Run, audit: Audit) => Promise<void> | void
}

export type Run = {
  rig: Rig
  load: Load
  tag: string
  mails: number
  random: Random
  seed: number
  /** Part of `npm test`: fewer and shorter faults. */
  isShort: boolean
  /** `--full`: faults as long as the plan asks, where a shorter one shows the same. */
  isFull: boolean
  /** Resolves when this share of the load was asked for. */
  at: (share: number) => Promise<void>
  bar: (name: string, isMet: boolean, figure: string) => void
  note: (name: string, figure: string) => void
  /** Counts from now until the server takes the next mail of this run; resolves then, or when it is much too late. */
  mustFlowAgain: (what: string, withinMs: number) => Promise<void>
  /** So many messages were under way when the fault struck: they may arrive twice, flagged. */
  mayDuplicate: (count: number) => void
}
