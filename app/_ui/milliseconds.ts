/** `41 ms`, `2.1 s`, `95 s`, `12 min` */
export function milliseconds(ms: number): string {
  if (ms < 1000) return `${ms} ms`
  if (ms < 10_000) return `${Number((ms / 1000).toFixed(1))} s`
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`
}
