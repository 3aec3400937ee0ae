import { spawn } from 'node:child_process'
import { fstatSync } from 'node:fs'
import { EXIT } from './terminal.ts'

// V8 keeps garbage for as long as it believes that there is room, and on a machine with much memory that is long. Small
// young generations and a limit for the old one keep what reads files of any size below 300 MB, at the same speed.
const bounds = ['--max-semi-space-size=8', '--max-old-space-size=224']

/** Whether a command reads files of any size, and this process is not the one that is bounded. */
export function needsBounds([command]: readonly string[]): boolean {
  return (command === 'check' || command === 'diff') && !process.execArgv.includes(bounds[0] ?? '')
}

/**
 * What the other process gets of this one: its standard streams, and what a shell handed over as `/dev/fd/63`, under the
 * same number.
 */
function streamsFor(words: readonly string[]): ('inherit' | 'ignore' | number)[] {
  const handed = words.flatMap((word) => /^\/(?:dev|proc\/self)\/fd\/(\d{1,3})$/.exec(word)?.[1] ?? []).map(Number)
  return Array.from({ length: Math.max(2, ...handed) + 1 }, (_, number) => {
    if (number <= 2) return 'inherit'
    return handed.includes(number) && isOpen(number) ? number : 'ignore'
  })
}

function isOpen(descriptor: number): boolean {
  try {
    fstatSync(descriptor)
    return true
  } catch {
    return false
  }
}

/** Runs this very command line in a process with bounded memory. Resolves with its exit code. */
export function runBounded(): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...process.execArgv, ...bounds, ...process.argv.slice(1)], {
      stdio: streamsFor(process.argv.slice(2)),
    })
    const stop = (signal: NodeJS.Signals): void => void child.kill(signal)
    // Ctrl-C reaches both; what is sent to this process alone has to be passed on.
    process.on('SIGTERM', stop).on('SIGINT', () => {})
    child.once('error', (error) => {
      process.stderr.write(`${error.message}\n`)
      resolve(EXIT.input)
    })
    child.once('exit', (code, signal) => {
      if (signal === 'SIGABRT' || code === 134) {
        process.stderr.write('Out of memory: a single request of the file is too large.\n')
      }
      resolve(code ?? EXIT.input)
    })
  })
}
