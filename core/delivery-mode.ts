/** To whom mail may go: of an API key, and of the whole installation. */
export type DeliveryMode = 'live' | 'guest_list' | 'test'
