import { expect, test } from 'vitest'
import { topicDifferences } from './topics'

const want = {
  topic: 'email-notifications',
  partitions: 12,
  replication: 3,
  entries: { 'retention.ms': '604800000', 'min.insync.replicas': '2', 'cleanup.policy': 'delete' },
}

test('a topic that is as it should be is not mentioned', () => {
  expect(topicDifferences(want, { partitions: 12, replication: 3, entries: want.entries })).toEqual([])
})

test('what differs is said in a sentence that names both values and the setting', () => {
  const have = {
    partitions: 1,
    replication: 1,
    entries: { 'retention.ms': '1000', 'min.insync.replicas': '1', 'cleanup.policy': 'compact' },
  }
  expect(topicDifferences(want, have)).toEqual([
    'The topic email-notifications has 1 partition, fewer than the 12 asked for: only so many workers share its records.',
    'The topic email-notifications has the replication 1, and KAFKA_REPLICATION asks for 3.',
    'The topic email-notifications has retention.ms 1000, and KAFKA_RETENTION_HOURS asks for 604800000.',
    'The topic email-notifications has min.insync.replicas 1, and its replication asks for 2.',
    'The topic email-notifications has cleanup.policy compact, and the service asks for delete.',
  ])
  expect(topicDifferences(want, { partitions: 24, replication: 3, entries: want.entries })).toEqual([
    'The topic email-notifications has 24 partitions, more than the 12 asked for.',
  ])
})
