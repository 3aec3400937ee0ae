import { Writable } from 'node:stream'
import { logFields } from '@tracebaton/core'
import { pino } from 'pino'
import { createLogger, format, transports } from 'winston'
import Transport from 'winston-transport'

/** A line, as a backend gets it. */
export type LogLine = Readonly<Record<string, unknown>>

/** What applications call. */
export interface Logger {
  info(facts: object, message: string): void
}

/** The lines of a logger, as text. */
export interface Written {
  readonly lines: readonly LogLine[]
  readonly stream: Writable
}

/** Keeps lines in memory. */
export function keepLines(): Written {
  const lines: LogLine[] = []
  const stream = new Writable({
    write(text: Buffer, _, done) {
      for (const line of text.toString().trimEnd().split('\n')) lines.push(JSON.parse(line) as LogLine)
      done()
    },
  })
  return { lines, stream }
}

/** Takes one line at a time, and time for it, as a backend far away does. */
class Slow extends Transport {
  readonly #stream: Writable

  constructor(stream: Writable) {
    super()
    this.#stream = stream
  }

  override log(line: { readonly [key: symbol]: unknown }, done: () => void): void {
    this.#stream.write(String(line[Symbol.for('message')]))
    setImmediate(done)
  }
}

/** The loggers, as `docs/logs.md` shows them. `slow`: a transport takes one line at a time, where the logger has transports. */
export const LOGGERS: Readonly<Record<'pino' | 'winston', (stream: Writable, slow?: boolean) => Logger>> = {
  pino: (stream) => pino({ mixin: logFields }, stream),
  winston(stream, slow = false) {
    const transport = slow ? new Slow(stream) : new transports.Stream({ stream })
    const logger = createLogger({ format: format.json(), transports: [transport] })
    Object.defineProperty(logger, 'defaultMeta', { get: logFields, set() {} })
    return { info: (facts, message) => void logger.info(message, facts) }
  },
}
