/** Lets so many works run at once; the others wait in the order in which they came. */
export class Gate {
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(private readonly atOnce: number) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.atOnce) this.#running++
    // Whoever ends hands over its place, so that nobody who comes in between takes it.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }
}
