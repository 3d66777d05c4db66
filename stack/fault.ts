/** Something the person at the terminal can put right: one sentence, shown without a stack, exit code 1. */
export class StackFault extends Error {
  override name = 'StackFault'
}
