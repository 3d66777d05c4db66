import { handle, otherMethods } from '../handle'

export const GET = handle({
  action: 'live.read',
  run: ({ context }) => Promise.resolve({ events: (mayStill) => context.live.listen(mayStill) }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
