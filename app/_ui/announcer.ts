/** A region as empty as this long takes what comes next for something new, even where it is the same sentence again. */
const emptyMs = 100

/**
 * What is said to people who use a screen reader, and in which region. Pages have one; a dialog brings another, for outside of it
 * everything is hidden from them. The one that came last speaks: two would say it twice.
 */
export function newAnnouncer() {
  const regions: string[] = []
  const listeners = new Set<() => void>()
  let said: { sentence: string; region: string | undefined } = { sentence: '', region: undefined }
  let timer: ReturnType<typeof setTimeout> | undefined
  const say = (sentence: string) => {
    said = { sentence, region: regions.at(-1) }
    for (const listener of listeners) listener()
  }
  return {
    announce: (sentence: string): void => {
      clearTimeout(timer)
      say('')
      timer = setTimeout(() => say(sentence), emptyMs)
    },
    /** @returns takes the region away again */
    add: (region: string): (() => void) => {
      regions.push(region)
      return () => {
        regions.splice(regions.indexOf(region), 1)
      }
    },
    /** What stands in a region. */
    saidIn: (region: string): string => (said.region === region ? said.sentence : ''),
    subscribe: (listener: () => void): (() => void) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}
