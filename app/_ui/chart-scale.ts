const steps = [1, 2, 2.5, 5, 10]

/** From 0 to at least the greatest value, in two or three round steps: `[0, 500, 1000, 1500]`. Whole numbers only. */
export function niceTicks(greatest: number): number[] {
  const rough = Math.max(greatest, 1) / 3
  const power = 10 ** Math.floor(Math.log10(rough))
  const nice = steps.map((step) => step * power).find((step) => step >= rough) ?? 10 * power
  const step = Math.max(1, Math.ceil(nice))
  return Array.from({ length: Math.max(1, Math.ceil(greatest / step)) + 1 }, (_, index) => index * step)
}

/**
 * A value an hour, as two paths in a field 100 high. Hours without one break the line; one that is alone between them is a dot, a
 * line of no length whose round ends are drawn wider.
 */
export function hourPaths(values: readonly (number | null)[], top: number): { line: string; dots: string } {
  let [line, dots] = ['', '']
  const has = (index: number) => (values[index] ?? null) !== null
  for (const [index, value] of values.entries()) {
    if (value === null) continue
    const point = `${index} ${(100 - (value / top) * 100).toFixed(2)}`
    if (has(index - 1)) line += `L${point}`
    else if (has(index + 1)) line += `M${point}`
    else dots += `M${point}L${point}`
  }
  return { line, dots }
}
