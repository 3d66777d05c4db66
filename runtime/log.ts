import { pino, type Logger } from 'pino'

export type { Logger }

/**
 * JSON lines on stdout. Bodies, passwords, tokens and sealed data are never handed to the log; the paths below are the
 * second line of defence for objects that carry them by accident.
 */
export function createLog(part: string, level: string): Logger {
  return pino({
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
  })
}
