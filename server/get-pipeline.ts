import type { PipelineView } from '@/core/pipeline'
import { kafkaRefusal } from '@/kafka/refusal'
import { findPipeline } from '@/db/pipeline'
import type { Context } from './context'
import { shared } from './shared'

/** Pages look every few seconds; who looks in between gets the same. */
const keepMs = 1_000

/** Every part of the pipeline now; Kafka is null while it does not answer. One question for all open pages of this process. */
export const getPipeline = shared(keepMs, async (context: Context): Promise<PipelineView> => {
  const [rest, kafka] = await Promise.all([findPipeline(context.pages), lagOf(context)])
  return { ...rest, kafka }
})

async function lagOf({ lag, log, config }: Context): Promise<PipelineView['kafka']> {
  try {
    const { total, parts } = await lag.read()
    return { behind: total, partitions: parts.size }
  } catch (error) {
    const refusal = kafkaRefusal(error, config, [config.KAFKA_TOPIC, config.KAFKA_GROUP_ID])
    if (refusal) log.warn({ err: error }, `${refusal} The Overview cannot tell how far the workers are behind`)
    else log.debug({ err: error }, 'Kafka did not say how far the group is')
    return null
  }
}
