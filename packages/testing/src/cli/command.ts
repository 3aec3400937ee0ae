import { parseArgs } from 'node:util'
import type { Terminal } from './terminal.ts'

/** One subcommand. */
export interface Command {
  readonly name: string
  /** What stands behind the name: `FILE… [options]`. */
  readonly usage: string
  /** In one sentence. */
  readonly summary: string
  /** More of it, a paragraph per text. */
  readonly description: readonly string[]
  readonly options: readonly Option[]
  /** What its exit codes mean. */
  readonly exitCodes: readonly (readonly [code: number, meaning: string])[]
  /** Resolves with the exit code. */
  readonly run: (given: Given, terminal: Terminal) => Promise<number>
}

/** An option of a command. All of them have long names. */
export interface Option {
  readonly name: string
  /** What stands for its value in the help; without it the option is a switch. */
  readonly value?: string
  readonly meaning: string
  /** May be given several times. */
  readonly many?: boolean
}

/** What stands on a command line, read. */
export interface Given {
  readonly files: readonly string[]
  has(option: string): boolean
  /** The last value of an option. */
  one(option: string): string | undefined
  all(option: string): readonly string[]
  /** A whole number that is not negative. */
  number(option: string): number | undefined
}

/** The command line is not understood; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Reads the arguments behind a command's name. Throws a `UsageError`. */
export function readArguments(command: Command, words: readonly string[]): Given {
  const options = Object.fromEntries(
    [...command.options, { name: 'help' } as Option].map(({ name, value }) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple: true },
    ]),
  )
  const { values, positionals } = parsed(words, options)
  const all = (name: string): readonly string[] => (values[name] ?? []).map(String)
  for (const { name, many } of command.options) {
    if (!many && all(name).length > 1) throw new UsageError(`--${name} can be given once`)
  }
  return {
    files: positionals,
    has: (name) => all(name).includes('true'),
    one: (name) => all(name).at(-1),
    all,
    number(name) {
      const text = all(name).at(-1)
      if (text === undefined) return undefined
      if (!/^\d{1,15}$/.test(text)) throw new UsageError(`--${name} needs a whole number, and ${text} is none`)
      return Number(text)
    },
  }
}

function parsed(words: readonly string[], options: Record<string, { type: 'boolean' | 'string'; multiple: boolean }>) {
  try {
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true, strict: true })
    return { values: values as Record<string, (string | boolean)[] | undefined>, positionals }
  } catch (error) {
    const message = error instanceof Error ? error.message : 'The arguments cannot be read'
    throw new UsageError(message.split(/\.(?:\n| To specify)/)[0] ?? message)
  }
}

/** Throws unless a value is one of those that are understood. */
export function oneOf<T extends string>(option: string, value: string, understood: readonly T[]): T {
  const found = understood.find((candidate) => candidate === value)
  if (found === undefined) throw new UsageError(`--${option} can be ${understood.join(', ')}; ${value} is none of them`)
  return found
}
