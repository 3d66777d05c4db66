const steps = [1, 2, 2.5, 5, 10]

/** From 0 to at least the greatest value, in two or three round steps: `[0, 500, 1000, 1500]`. Whole numbers only. */
export function niceTicks(greatest: number): number[] {
  const rough = Math.max(greatest, 1) / 3
  const power = 10 ** Math.floor(Math.log10(rough))
  const nice = steps.map((step) => step * power).find((step) => step >= rough) ?? 10 * power
  const step = Math.max(1, Math.ceil(nice))
  return Array.from({ length: Math.max(1, Math.ceil(greatest / step)) + 1 }, (_, index) => index * step)
}
