import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'

/** One line that a program printed. */
export interface Line {
  readonly text: string
  /** ms since the epoch. */
  readonly at: number
}

/** A program in a folder of its own. Disposing it ends it, and removes the folder. */
export interface Program extends AsyncDisposable {
  readonly lines: readonly Line[]
  /** Waits for a line. Rejects when the program ends without it. */
  until(text: string): Promise<Line>
  /** Waits for something else. Rejects when the program ends before. */
  during<T>(wait: Promise<T>, what: string): Promise<T>
  /** The end of what it wrote to its error stream. */
  complaints(): string
  /** Asks it to end, and gives its exit code. */
  stop(): Promise<unknown>
}

/** A child process as a program. */
export function toProgram(child: ChildProcess, folder: string): Program {
  const ended = once(child, 'close')
  let complaints = ''
  child.stderr?.on('data', (text: Buffer) => {
    complaints = (complaints + text.toString()).slice(-4000)
  })
  const lines: Line[] = []
  const waiting = new Map<string, (line: Line) => void>()
  createInterface({ input: child.stdout! }).on('line', (text) => {
    const line = { text, at: Date.now() }
    lines.push(line)
    waiting.get(text)?.(line)
  })
  const during: Program['during'] = (wait, what) => {
    const silent = ended.then(([code]) => {
      throw new Error(`The program ended with ${code} before ${what}: ${complaints}`)
    })
    return Promise.race([wait, silent])
  }
  return {
    lines,
    during,
    complaints: () => complaints,
    until(text) {
      const known = lines.find((line) => line.text === text)
      if (known !== undefined) return Promise.resolve(known)
      return during(new Promise<Line>((resolve) => waiting.set(text, resolve)), `it said ${text}`)
    },
    async stop() {
      child.kill('SIGTERM')
      const [code] = await ended
      return code
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
