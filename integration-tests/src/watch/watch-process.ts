import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { RecordedSpan } from '@tracebaton/testing'
import { otlpJsonLines } from '@tracebaton/testing/otlp'
import { onTestFinished } from 'vitest'

/** What a process says of itself since it was asked before. */
export interface Measures {
  /** ms that the event loop was late, at the 99th percentile. */
  readonly p99: number
  /** Bytes in use after a collection. */
  readonly heap: number
}

/** The command `tracebaton watch`, running. */
export interface WatchProcess {
  readonly url: string
  send(spans: readonly RecordedSpan[]): Promise<void>
  measure(): Promise<Measures>
  /** Ends it as Ctrl-C does, and gives the exit code. */
  stop(): Promise<number | null>
}

const command = fileURLToPath(new URL('cli/main.js', import.meta.resolve('@tracebaton/testing')))
const measured = fileURLToPath(new URL('programs/measured.cjs', import.meta.url))

/** Starts the command, which ends with the test at the latest. @param port by default any that is free */
export async function startWatchProcess(port = 0): Promise<WatchProcess> {
  const parameters = ['--expose-gc', '--require', measured, command, 'watch', '--port', String(port)]
  const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  const exited = once(child, 'exit')
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error('tracebaton watch did not start')))
    createInterface({ input: child.stdout as Readable }).on('line', (line) => {
      const found = /http:\/\/[\w.:]+\d/.exec(line)?.[0]
      if (found !== undefined) resolve(found)
    })
  })
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT')
    await exited
    return child.exitCode
  }
  onTestFinished(async () => void (await stop()))
  return {
    url,
    async send(spans) {
      const lines = otlpJsonLines(spans).trim().split('\n')
      await Promise.all(
        lines.map(async (body) => {
          const headers = { 'content-type': 'application/json' }
          const response = await fetch(`${url}/v1/traces`, { method: 'POST', body, headers })
          if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
          await response.arrayBuffer()
        }),
      )
    },
    async measure() {
      const answered = once(child, 'message')
      child.send('measure')
      const [measures] = await answered
      return measures as Measures
    },
    stop,
  }
}
