/** A reply that refuses, as SMTP words it. */
export interface Refusal {
  code: number
  text: string
}

/** What the catcher does with a recipient, or with the whole mail once its final dot has come. */
export type Behaviour =
  | { kind: 'accept' }
  | { kind: 'refuse-recipient'; refusal: Refusal }
  | { kind: 'refuse-mail'; refusal: Refusal }
  /** Stores and answers 250, but only after a while. */
  | { kind: 'accept-late'; afterMs: number }
  /** Never answers the final dot. */
  | { kind: 'hang' }
  /** Stores the mail and cuts the line instead of answering, so the sender cannot know. */
  | { kind: 'drop-after-dot' }

const comeBackLater: Refusal = { code: 451, text: '4.7.1 come back later' }

/**
 * Chosen by the local part alone, so that any test or demo can ask for an outcome by its address; a plus tag
 * (`550+anna@example.com`) keeps several such addresses apart. `refusedBefore` counts the tries of this address that were
 * refused since the last accepted one.
 */
export function behaviourFor(address: string, refusedBefore: number): Behaviour {
  switch (localPart(address)) {
    case '550':
      return { kind: 'refuse-recipient', refusal: { code: 550, text: '5.1.1 mailbox does not exist' } }
    case '451':
      return { kind: 'refuse-recipient', refusal: comeBackLater }
    case '451-twice':
      return refusedBefore < 2 ? { kind: 'refuse-recipient', refusal: comeBackLater } : { kind: 'accept' }
    case '421':
      // smtp-server closes the connection after any 421.
      return { kind: 'refuse-recipient', refusal: { code: 421, text: '4.3.2 closing, try another time' } }
    case '552':
      return { kind: 'refuse-mail', refusal: { code: 552, text: '5.3.4 mail too big' } }
    case 'slow':
      return { kind: 'accept-late', afterMs: 5_000 }
    case 'hang':
      return { kind: 'hang' }
    case 'drop-after-dot':
      return { kind: 'drop-after-dot' }
    default:
      return { kind: 'accept' }
  }
}

function localPart(address: string): string {
  const local = address.slice(0, address.lastIndexOf('@'))
  const tag = local.indexOf('+')
  return (tag === -1 ? local : local.slice(0, tag)).toLowerCase()
}
