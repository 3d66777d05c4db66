import { getNeeds } from '@/server/get-needs'
import { getPipeline } from '@/server/get-pipeline'
import { handle, otherMethods } from '../handle'

export const GET = handle({
  action: 'delivery.read',
  run: async ({ context }) => {
    const [pipeline, needs] = await Promise.all([getPipeline(context), getNeeds(context)])
    return { body: { error: false, pipeline, needs } }
  },
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
