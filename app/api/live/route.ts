import { handle, otherMethods } from '../handle'

export const GET = handle({
  action: 'live.read',
  run: ({ context, actor }) => Promise.resolve({ events: (mayStill) => context.live.listen(actor.id, mayStill) }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
