import type { Screen } from '../watch/terminal-view.ts'

/** Where a command reads and writes. Tests give their own. */
export interface Terminal {
  /** Standard output: the result. */
  readonly out: (text: string) => void
  /** Standard error: everything that is not the result. */
  readonly error: (text: string) => void
  readonly input: AsyncIterable<Uint8Array | string>
  /** Whether the result is read by a person, in this width. */
  readonly columns: number | undefined
  readonly colors: boolean
  /** Whether standard error is read by a person, right now. */
  readonly live: boolean
  /** Takes the whole terminal. Absent where no person sits at it. */
  readonly openScreen?: () => Screen & Disposable
  /** Resolves when the command is told to end: by Ctrl-C or SIGTERM, which then end nothing by themselves. */
  readonly untilStopped?: () => Promise<void>
}

/** How a command ends. */
export const EXIT = {
  /** Nothing was found. */
  ok: 0,
  /** Something was found: a broken rule, a difference, an ailment. */
  found: 1,
  /** The command line is not understood. */
  usage: 2,
  /** Nothing was found, but part of the input could not be read or judged. */
  input: 3,
} as const
