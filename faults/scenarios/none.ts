import type { Scenario } from '../scenario'

/** What a run looks like when nothing happens: the figures that the others are compared with. */
export const noFault: Scenario = {
  id: 'F0',
  title: 'no fault',
  kind: { brokers: 1 },
  fault: () => Promise.resolve(),
}
