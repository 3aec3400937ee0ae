import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** How a command ended, and what it printed. */
export interface CommandResult {
  /** Exit code; 127 when there is no such command, -1 when it was ended by a signal. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** What to do while a command runs. */
export interface CommandOptions {
  /**
   * Called with each line as it is printed, on either stream.
   * @default nothing is called
   */
  readonly onLine?: (line: string) => void
  /**
   * Ends the command when aborted.
   * @default never
   */
  readonly signal?: AbortSignal
  /**
   * Variables on top of those of this process.
   * @default none
   */
  readonly environment?: Readonly<Record<string, string>>
  /**
   * Where the command runs.
   * @default the folder of this process
   */
  readonly folder?: string
}

/** Runs a command to its end, without a shell and without input. Never rejects. */
export function run(
  command: string,
  parameters: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, parameters, {
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.folder === undefined ? {} : { cwd: options.folder }),
      ...(options.signal ? { signal: options.signal } : {}),
    })
    const printed = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const) {
      createInterface({ input: child[stream] }).on('line', (line) => {
        printed[stream] += `${line}\n`
        options.onLine?.(line)
      })
    }
    child.on('error', () => {
      if (child.pid === undefined) {
        resolve({ code: 127, stdout: '', stderr: `there is no command ${command}` })
      }
    })
    child.on('close', (code) => {
      resolve({ code: code ?? -1, ...printed })
    })
  })
}

/** Whether a command runs and succeeds. Never rejects. */
export async function succeeds(command: string, parameters: readonly string[]): Promise<boolean> {
  const { code } = await run(command, parameters)
  return code === 0
}

/** The last line of some output: where commands say what went wrong. Empty when there is none. */
export function lastLine(output: string): string {
  return output.trimEnd().split('\n').at(-1) ?? ''
}
