import { expect, test } from 'vitest'

import { Terminal } from './terminal'

function written(isTTY: boolean, environment = {}): string {
  let text = ''
  const out = { isTTY, write: (part: string) => Boolean((text += part)), on: () => out }
  const terminal = new Terminal(out as unknown as ConstructorParameters<typeof Terminal>[0], environment)
  terminal.done('Web', 'ready', performance.now())
  terminal.fault('No.')
  return text
}

test('colours are for terminals only, and NO_COLOR is heard', () => {
  expect(written(true)).toContain('\u001B[')
  expect(written(false)).not.toContain('\u001B[')
  expect(written(true, { NO_COLOR: '1' })).not.toContain('\u001B[')
})
