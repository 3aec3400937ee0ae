import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { createRecorder, messageFacts, type RecordedSpan, type Recorder } from '@tracebaton/testing'
import { waterfall } from '@tracebaton/testing/pictures'
import type { Client, Fixture, Moves, Received } from './contract/fixture.ts'
import { OrderError } from './contract/order-error.ts'

/** Services of one process, as they would be in processes of their own. */
interface Scene {
  readonly fixture: Fixture
  readonly recorder: Recorder
  readonly connect: (service: string) => Promise<Client>
  readonly consume: (client: Client, destination: string, handler: (message: Received) => unknown) => Promise<void>
}

/** The ways of a message that the documentation shows. Each sends one, and gives the queues by the names they go by. */
export const PATHS = {
  /** The broker, or its client, hands the message out again. */
  async redelivered({ fixture, connect, consume }: Scene, sell: Sell): Promise<Readonly<Record<string, string>>> {
    const orders = await fixture.createDestination(1)
    let calls = 0
    await sell(await connect('shop'), orders)
    await consume(await connect('billing'), orders, () => {
      calls += 1
      if (calls < 3) throw new OrderError('no stock')
    })
    return { orders }
  },
  /** The application moves the message, and brings it back. */
  async moved({ fixture, connect, consume }: Scene, sell: Sell): Promise<Readonly<Record<string, string>>> {
    const [orders, later, dead] = await Promise.all([1, 2, 3].map(() => fixture.createDestination(1)))
    if (orders === undefined || later === undefined || dead === undefined) throw new Error('There are no queues')
    const error = new OrderError('no stock')
    await sell(await connect('shop'), orders)
    const [billing, retries, support] = [await connect('billing'), await connect('retries'), await connect('support')]
    let calls = 0
    await consume(billing, orders, (message) => {
      calls += 1
      if (calls === 1) return movesOf(billing).retryLater(message, { to: later, error })
      return calls === 2 ? movesOf(billing).deadLetter(message, { to: dead, error }) : undefined
    })
    await consume(retries, later, (message) => movesOf(retries).retryLater(message, { to: orders, error }))
    await consume(support, dead, (message) => movesOf(support).redrive(message, { to: orders }))
    return { orders, 'orders-retry': later, 'orders-dead': dead }
  },
} as const

type Sell = (client: Client, destination: string) => Promise<void>

/** Attempts after which a path has come to its end. */
const ATTEMPTS: Readonly<Record<keyof typeof PATHS, number>> = { redelivered: 3, moved: 5 }

/** Runs a path on a real broker, and draws what was recorded. */
export async function drawPath(fixture: Fixture, path: keyof typeof PATHS): Promise<string> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const recorder = createRecorder()
  const provide = (service: string): BasicTracerProvider =>
    new BasicTracerProvider({
      spanProcessors: [recorder],
      resource: resourceFromAttributes({ 'service.name': service }),
    })
  const ends: AsyncDisposable[] = []
  const scene: Scene = {
    fixture,
    recorder,
    async connect(service) {
      const client = await fixture.connect({ tracerProvider: provide(service) })
      ends.push(client)
      return client
    },
    async consume(client, destination, handler) {
      ends.push(await client.consume(destination, handler))
    },
  }
  const sell: Sell = (client, destination) =>
    provide('shop')
      .getTracer('shop')
      .startActiveSpan('POST /orders', async (span) => {
        await client.send(destination, fixture.message('order 1042'))
        span.end()
      })
  try {
    const names = await PATHS[path](scene, sell)
    const spans = await recorder.until(
      (all) => all.filter(isAttempt).length === ATTEMPTS[path] && all.filter((span) => !isReceive(span)),
      { timeout: fixture.patience, describe: `the end of the path ${path}` },
    )
    return waterfall(renamed(spans, names), { width: 116, colors: false, axis: false })
  } finally {
    for (const end of ends.toReversed()) await end[Symbol.asyncDispose]()
  }
}

/** What a picture says of a span beside its bar, wherever there is room for it. */
const SAID = /⤷ [^·\n]+|(?:\w+ )?→ \w+|from \S+(?: after \d+ attempts)?|redriven/g

/** What stays the same however long things take: the spans, where they hang, and what is said of each. */
export function shapeOf(picture: string): string {
  const rows: { readonly place: string; readonly said: string[] }[] = []
  for (const line of picture.split('\n')) {
    const [place] = /^[│├└─ ]*[●✗] \S+ \S+(?: {2}attempt [\d/]+)?/.exec(line) ?? []
    if (place !== undefined) rows.push({ place, said: [] })
    for (const [text] of line.matchAll(SAID)) rows.at(-1)?.said.push(text.trim())
  }
  return rows.map(({ place, said }) => [place, ...said.toSorted()].join(' | ')).join('\n')
}

function movesOf({ moves }: Client): Moves {
  if (moves === undefined) throw new Error('This adapter has no publishing helpers')
  return moves
}

function isAttempt(span: RecordedSpan): boolean {
  return messageFacts(span).operationType === 'process'
}

function isReceive(span: RecordedSpan): boolean {
  return messageFacts(span).operationType === 'receive'
}

/** Queues of a test have names that nobody would give them. */
function renamed(spans: readonly RecordedSpan[], names: Readonly<Record<string, string>>): readonly RecordedSpan[] {
  let text = JSON.stringify(spans)
  for (const [name, destination] of Object.entries(names)) text = text.replaceAll(destination, name)
  return JSON.parse(text) as readonly RecordedSpan[]
}
