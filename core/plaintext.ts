/** A line to another server on which nothing would be encrypted. */
export type PlainLine = {
  /** The variable that names the server. */
  variable: string
  hosts: readonly string[]
  /** What to set, to follow "set". */
  remedy: string
}

/** This machine itself: what goes there leaves no network card. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host)

/**
 * Why a process must not start in production: whoever is on the way could read, and change, what goes over these lines.
 * One sentence a line, with the variable and the remedy.
 * @param allowed PLAINTEXT_HOSTS: hosts of a network that nobody else can reach
 */
export function plaintextRefusals(lines: readonly PlainLine[], allowed: readonly string[]): string[] {
  return lines.flatMap(({ variable, hosts, remedy }) => {
    const open = hosts.filter((host) => !isLoopback(host) && !allowed.includes(host.toLowerCase()))
    if (open.length === 0) return []
    return `${variable} names ${open.join(', ')}, and nothing on the way there would be encrypted: set ${remedy}; or, only for a network that nobody else can reach, list ${open.length === 1 ? 'it' : 'them'} in PLAINTEXT_HOSTS.`
  })
}

/** To be logged once at the start. */
export const plaintextWarning = (allowed: readonly string[]): string | null =>
  allowed.length === 0
    ? null
    : `PLAINTEXT_HOSTS is set: lines to ${allowed.join(', ')} need not be encrypted. That is right only for a network that nobody else can reach.`
