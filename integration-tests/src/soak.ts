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
  /** A handler that was in another context after it had waited. */
  readonly foreign?: string
  /** A move that failed. */
  readonly changed?: string
}

/** What became of all messages. */
export interface Soaked {
  readonly sent: number
  readonly kills: number
  readonly attempts: number
  /** Attempts that link the one before. */
  readonly linked: number
  readonly lost: readonly string[]
  /** Attempts that link another message, in the words of the test kit. */
  readonly wrongLinks: readonly string[]
  /** Handlers in the context of another message. */
  readonly foreignContexts: readonly string[]
  /** Sends and moves that failed. */
  readonly changedResults: readonly string[]
}

const MESSAGES = 5

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
        // oxlint-disable-next-line promise/prefer-await-to-then -- what fails is counted, and the run goes on
        await client
          .send(destination, fixture.message(body))
          .catch((error: unknown) => told.push({ changed: `${body}: ${String(error)}` }))
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
  const wrongLinks: string[] = []
  const foreignContexts = told.flatMap(({ foreign }) => foreign ?? [])
  let attempts = 0
  let linked = 0
  for (const { span } of told) {
    if (span?.kind !== 'consumer') continue
    attempts += 1
    const body = bodies.get(span.spanId)
    const send = body === undefined ? undefined : sends.get(body)
    if (send === undefined) {
      foreignContexts.push(`${span.name} ${span.spanId} belongs to no message`)
      continue
    }
    const ofTheSame = (links: readonly RecordedLink[]): boolean =>
      links.every(({ spanId }) => bodies.get(spanId) === body)
    linked += span.links.some(({ role }) => role === 'previous_attempt') ? 1 : 0
    foreignContexts.push(...said(() => assertSpan(span, { parent: send })))
    wrongLinks.push(...said(() => assertSpan(span, { links: { creation: [send], previous_attempt: ofTheSame } })))
  }
  const lost = [...sends.keys()].filter((body) => !done.has(body))
  const changedResults = told.flatMap(({ changed }) => changed ?? [])
  return { sent: sends.size, kills, attempts, linked, lost, wrongLinks, foreignContexts, changedResults }
}

/** What an assertion finds wrong. */
function said(assert: () => void): string[] {
  try {
    assert()
    return []
  } catch (error) {
    if (!(error instanceof TraceAssertionError)) throw error
    return [error.summary]
  }
}
