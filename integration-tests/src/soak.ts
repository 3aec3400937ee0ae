import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import {
  assertSpan,
  createRecorder,
  TraceAssertionError,
  type RecordedLink,
  type RecordedSpan,
  type SpanIdentity,
} from '@tracebaton/testing'
import type { Fixture } from './contract/fixture.ts'

/** What a worker tells. */
interface Told {
  readonly began?: { readonly body: string; readonly traceId: string; readonly spanId: string }
  readonly done?: string
  readonly span?: RecordedSpan
}

/** What became of all messages. */
export interface Soaked {
  readonly sent: number
  readonly kills: number
  readonly attempts: number
  /** Attempts that link the one before. */
  readonly linked: number
  readonly lost: readonly string[]
  /** What the test kit says of attempts that are not as they should be. */
  readonly wrong: readonly string[]
}

const MESSAGES = 10

/**
 * Sends messages to a worker in a process of its own and kills that at a random moment, again and again. Then lets one
 * finish, and looks at all that the workers told.
 *
 * @param program of the folder `adapters/programs`
 */
export async function killWorkers(fixture: Fixture, program: string, address: string, kills: number): Promise<Soaked> {
  const recorder = createRecorder()
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [recorder] })
  const destination = await fixture.createDestination(1)
  const client = await fixture.connect({ tracerProvider })
  const sends = new Map<string, SpanIdentity>()
  const told: Told[] = []
  const done = new Set<string>()
  const listen = (line: string): void => {
    // The last line of a process that was killed may be half a line.
    if (!line.startsWith('{') || !line.endsWith('}')) return
    const what = JSON.parse(line) as Told
    told.push(what)
    if (what.done !== undefined) done.add(what.done)
  }
  const work = (): Worker => startWorker(program, address, destination, listen)

  try {
    for (let kill = 0; kill < kills; kill++) {
      for (let message = 0; message < MESSAGES; message++) {
        const body = `message-${kill}-${message}`
        const before = recorder.spans.length
        await client.send(destination, fixture.message(body))
        sends.set(
          body,
          recorder.spans.slice(before).find(({ kind }) => kind === 'producer')!,
        )
      }
      const worker = work()
      await Promise.race([worker.working, setTimeout(30_000)])
      await setTimeout(Math.random() * 300)
      await worker.kill()
    }
    const last = work()
    for (let left = 600; left > 0 && done.size < sends.size; left--) await setTimeout(100)
    await last.kill()
  } finally {
    await client[Symbol.asyncDispose]()
  }
  return judge(sends, told, done, kills)
}

interface Worker {
  /** It has begun with a message. */
  readonly working: Promise<void>
  readonly kill: () => Promise<void>
}

function startWorker(program: string, address: string, destination: string, listen: (line: string) => void): Worker {
  const file = fileURLToPath(new URL(`adapters/programs/${program}`, import.meta.url))
  const child = spawn(process.execPath, [file, address, JSON.stringify({ act: 'work', destination })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  const lines = createInterface({ input: child.stdout })
  lines.on('line', listen)
  const working = Promise.race([once(lines, 'line'), closed]).then(() => undefined)
  return {
    working,
    async kill() {
      child.kill('SIGKILL')
      await closed
    },
  }
}

function judge(
  sends: ReadonlyMap<string, SpanIdentity>,
  told: readonly Told[],
  done: ReadonlySet<string>,
  kills: number,
): Soaked {
  const bodies = new Map(told.flatMap(({ began }) => (began === undefined ? [] : [[began.spanId, began.body]])))
  const wrong: string[] = []
  let attempts = 0
  let linked = 0
  for (const { span } of told) {
    if (span?.kind !== 'consumer') continue
    attempts += 1
    const body = bodies.get(span.spanId)
    const send = body === undefined ? undefined : sends.get(body)
    if (send === undefined) {
      wrong.push(`${span.name} ${span.spanId} belongs to no message`)
      continue
    }
    const ofTheSame = (links: readonly RecordedLink[]): boolean =>
      links.every(({ spanId }) => bodies.get(spanId) === body)
    linked += span.links.some(({ role }) => role === 'previous_attempt') ? 1 : 0
    try {
      assertSpan(span, { parent: send, links: { creation: [send], previous_attempt: ofTheSame } })
    } catch (error) {
      if (!(error instanceof TraceAssertionError)) throw error
      wrong.push(`${body}: ${error.summary}`)
    }
  }
  return { sent: sends.size, kills, attempts, linked, lost: [...sends.keys()].filter((body) => !done.has(body)), wrong }
}
