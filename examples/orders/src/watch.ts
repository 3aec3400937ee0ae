import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** `tracebaton watch`, in a process of its own. */
export interface Watching {
  /** Of its page, and for spans. */
  readonly url: string
  /** Resolves when somebody has ended it: Ctrl-C reaches it as well. */
  readonly ended: Promise<unknown>
}

/** Starts `tracebaton watch` on a port that is free, as `npx tracebaton watch --port 0` does. */
export async function startWatching(): Promise<Watching> {
  const command = fileURLToPath(new URL('cli/main.js', import.meta.resolve('@tracebaton/testing')))
  const words = [command, 'watch', '--port', '0', ...(process.stdout.isTTY ? ['--open'] : [])]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal))
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const url = /http:\/\/[\w.:]+\d/.exec(line)?.[0]
    if (url === undefined) continue
    // What it prints from now on stands on the page, too.
    child.stdout.resume()
    return { url, ended }
  }
  throw new Error('tracebaton watch did not start')
}
