import { pino, type Logger, type LoggerOptions } from 'pino'

export type { Logger }

/** What waits while the log cannot be written, in bytes; what comes after that is dropped. */
const waitingBytes = 1_000_000

/**
 * A disk that is full under the log, or a reader that went away, must not disturb the mail: unhandled, the fault would be
 * thrown at whoever logs, in the middle of their work.
 */
const output = pino.destination({ fd: 1, sync: true, maxLength: waitingBytes })
output.on('error', () => undefined)

/**
 * JSON lines on stdout. Bodies, passwords, tokens and sealed data are never handed to the log; the paths below are the
 * second line of defence for objects that carry them by accident.
 */
export function createLog(part: string, level: string): Logger {
  const options: LoggerOptions = {
    level,
    base: { part },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: [
        'authorization',
        'cookie',
        'password',
        'token',
        'secret',
        'data',
        '*.authorization',
        '*.cookie',
        '*.password',
        '*.token',
        '*.secret',
      ],
      censor: 'hidden',
    },
  }
  return pino(options, output)
}
