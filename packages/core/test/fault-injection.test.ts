import { context as contexts, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Delivery, Publication } from '../src/verdict/delivery.ts'
import { createAdapterTracing, type AdapterTracing } from '../src/tracing.ts'
import { movedField } from './field.ts'
import { TRACEPARENT } from './messages.ts'
import { seams, type Parts, type Seam } from './seams.ts'
import { useUnhandled } from './sweep.ts'
import { useContexts } from './traced.ts'

/** The host's own code: what it gives and throws is always the same object, so that a copy would be seen. */
interface Host {
  calls: number
  gives(): object
  resolves(): Promise<object>
  throws(): never
  rejects(): Promise<never>
}

const VALUE = Object.freeze({ MessageId: 'm-1' })
const ERROR = Object.freeze(new Error('of the host'))
const CARRIER = Object.freeze({
  traceparent: TRACEPARENT,
  tracebaton: movedField(TRACEPARENT, { attempt: 2, firstSent: 1_732_145_000_123 }),
  baggage: 'a=1',
  'x-foreign': '1',
})

function createHost(): Host {
  const host: Host = {
    calls: 0,
    gives: () => (host.calls++, VALUE),
    resolves: async () => (host.calls++, VALUE),
    throws() {
      host.calls++
      throw ERROR
    },
    async rejects() {
      host.calls++
      throw ERROR
    },
  }
  return host
}

function publication(messages: number, { getter, fits, results }: Parts, carrier?: object): Publication {
  const message = { carrier, getter, fits, delay: 1000 }
  return {
    system: 'kafka',
    operation: 'send',
    destination: { name: 'orders' },
    batch: messages > 1,
    messages: Array.from({ length: messages }, () => message),
    results: results ?? (() => ({ messages: [{ facts: { messageId: 'm-1' } }, { error: 'Refused' }] })),
  }
}

function delivery({ getter }: Parts): Delivery {
  return {
    system: 'kafka',
    destination: { name: 'orders' },
    carrier: CARRIER,
    getter,
    identity: 'fault-injection',
    key: 'r-1',
    sentAt: 1,
    facts: { messageId: 'm-1' },
  }
}

const settlement = ({ refused }: Parts) => ({
  system: 'kafka',
  operation: 'ack',
  destination: { name: 'orders' },
  outcome: 'acked' as const,
  keys: ['r-1'],
  batch: true,
  refused,
})

/** What a host does; without `tracing` it does the same by itself. */
type Operation = (tracing: AdapterTracing | undefined, host: Host, parts: Parts) => unknown

const ENDINGS = ['gives', 'resolves', 'throws', 'rejects'] as const

/** The same operation around host code that ends in each of the four ways. */
function inEveryWay(name: string, run: (tracing: AdapterTracing, work: () => unknown, parts: Parts) => unknown) {
  return ENDINGS.map((ending): [string, Operation] => [
    `${name}, the host ${ending}`,
    (tracing, host, parts) => (tracing === undefined ? host[ending]() : run(tracing, () => host[ending](), parts)),
  ])
}

/** An operation that must neither throw nor give anything the comparison could see. */
function silent(name: string, run: (tracing: AdapterTracing, parts: Parts) => unknown): [string, Operation] {
  return [
    name,
    (tracing, _host, parts) => {
      if (tracing !== undefined) run(tracing, parts)
    },
  ]
}

const operations: readonly [string, Operation][] = [
  ...inEveryWay('send one', (tracing, work, parts) => tracing.send(publication(1, parts), work)),
  ...inEveryWay('send three', (tracing, work, parts) => tracing.send(publication(3, parts), work)),
  ...inEveryWay('send twelve', (tracing, work, parts) => tracing.send(publication(12, parts), work)),
  ...inEveryWay('send what has a context', (tracing, work, parts) =>
    tracing.send(publication(2, parts, CARRIER), work),
  ),
  ...inEveryWay('process', (tracing, work, parts) => tracing.process(delivery(parts), work)),
  ...inEveryWay('process and retry', (tracing, work, parts) =>
    tracing.process(delivery(parts), () => tracing.send(publication(1, parts, CARRIER), work)),
  ),
  ...inEveryWay('process and settle', (tracing, work, parts) =>
    tracing.process(delivery(parts), () => tracing.settle(settlement(parts), work)),
  ),
  ...inEveryWay('open, settle, handle', (tracing, work, parts) => {
    const attempt = tracing.open(delivery(parts))
    tracing.settle({ ...settlement(parts), attempts: [attempt] }, () => {})
    attempt.abandon()
    return attempt.run(work)
  }),
  ...inEveryWay('process a batch', (tracing, work, parts) =>
    tracing.processBatch([delivery(parts), delivery(parts)], work),
  ),
  ...inEveryWay('process within a batch', (tracing, work, parts) =>
    tracing.processBatch([delivery(parts)], () => tracing.process(delivery(parts), work)),
  ),
  ...inEveryWay('settle', (tracing, work, parts) => tracing.settle(settlement(parts), work)),
  [
    'process two at once',
    async (tracing, host, parts) => {
      if (tracing === undefined) return host.resolves()
      const beside = tracing.process({ ...delivery(parts), carrier: OTHER, key: 'r-2' }, () => look(TRACEPARENT))
      const one = tracing.process(delivery(parts), async () => {
        await look(OTHER.traceparent)
        return host.resolves()
      })
      await beside
      return one
    },
  ],
  silent('receive', (tracing, parts) => {
    const reception = { system: 'kafka', operation: 'receive', destination: {}, batch: true, startedAt: 1 }
    tracing.receive(reception, [delivery(parts), delivery(parts)])
  }),
  silent('extract', (tracing, parts) => tracing.extract(CARRIER, parts.getter)),
  silent('inject', (tracing, parts) => {
    const context = trace.setSpanContext(ROOT_CONTEXT, tracing.extract(CARRIER).lineage?.creation ?? SPAN)
    tracing.inject(context, {}, parts.setter)
    tracing.inject(context, Object.freeze({}))
  }),
  silent('capture', (tracing) => tracing.capture()),
  silent('from', (tracing) => tracing.from(CARRIER)),
  silent('fieldNames', (tracing) => [tracing.fieldNames(), tracing.isField('traceparent')]),
]

const OTHER = Object.freeze({ traceparent: TRACEPARENT.replaceAll('7', '8') })

/** Whether handlers were in the context of another message. */
const foreign: boolean[] = []

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

/** Looks twice whether the context of another message is active. */
async function look(other: string): Promise<void> {
  foreign.push(isActive(other))
  await turn()
  foreign.push(isActive(other))
}

function isActive(traceparent: string): boolean {
  try {
    return traceparent.includes(trace.getSpanContext(contexts.active())?.traceId ?? 'none')
  } catch {
    // The context manager is what is broken.
    return false
  }
}

const SPAN = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }

interface Seen {
  readonly how: 'gives' | 'throws' | 'resolves' | 'rejects'
  readonly what: unknown
  readonly calls: number
}

async function see(operation: Operation, tracing: AdapterTracing | undefined, parts: Parts): Promise<Seen> {
  const host = createHost()
  let result: unknown
  try {
    result = operation(tracing, host, parts)
  } catch (error) {
    return { how: 'throws', what: error, calls: host.calls }
  }
  if (!(result instanceof Promise)) return { how: 'gives', what: result, calls: host.calls }
  return result.then(
    (value: unknown): Seen => ({ how: 'resolves', what: value, calls: host.calls }),
    (error: unknown): Seen => ({ how: 'rejects', what: error, calls: host.calls }),
  )
}

/** What another result means, or `undefined` where it is the same. */
function difference(bare: Seen, traced: Seen): string | undefined {
  if (bare.how !== traced.how) return `${bare.how} became ${traced.how} (${String(traced.what)})`
  if (!Object.is(bare.what, traced.what)) return `another object: ${String(traced.what)}`
  return bare.calls === traced.calls ? undefined : `${traced.calls} calls instead of ${bare.calls}`
}

async function trySeam(seam: Seam): Promise<string[]> {
  const changed: string[] = []
  const repair = seam.arrange?.()
  try {
    for (const [name, operation] of operations) {
      const { options, ledger, parts = {} } = seam.prepare()
      // oxlint-disable-next-line no-await-in-loop -- globals are broken meanwhile, so one after the other
      const bare = await see(operation, undefined, parts)
      // oxlint-disable-next-line no-await-in-loop
      const traced = await see(operation, createAdapterTracing(options), parts)
      const found = difference(bare, traced)
      if (found !== undefined) changed.push(`${seam.name} × ${name}: ${found}`)
      if (ledger.unbalanced() > 0) changed.push(`${seam.name} × ${name}: ${ledger.unbalanced()} spans not ended once`)
      tried += 1
      spans += ledger.started()
    }
  } finally {
    repair?.()
  }
  return changed
}

let tried = 0
let spans = 0
const unhandled = useUnhandled()
beforeAll(useContexts)

describe('a failure of ours or of the SDK changes nothing for the host', () => {
  const all: string[] = []

  test.each(seams.map((seam) => [seam.name, seam] as const))('%s', async (_name, seam) => {
    const changed = await trySeam(seam)
    const rejections = await unhandled.take()
    if (rejections.length > 0) changed.push(`${seam.name}: ${rejections.length} unhandled rejections`)
    all.push(...changed)
    expect(changed).toEqual([])
  })

  test('in every combination', ({ task }) => {
    console.log(
      `core: ${seams.length} seams × ${operations.length} operations = ${tried} combinations, ` +
        `${spans} spans started, ${all.length} changed results, ` +
        `${foreign.filter(Boolean).length} foreign contexts`,
    )
    task.meta.seams = { combinations: tried, changed: all.length }
    expect(foreign.length).toBeGreaterThan(seams.length)
    expect(foreign).not.toContain(true)
    expect(tried).toBe(seams.length * operations.length)
    expect(spans).toBeGreaterThan(tried)
  })
})

const twice: Operation = (tracing, host) => (tracing === undefined ? host.gives() : (host.gives(), host.gives()))

const copied: Operation = (tracing, host) => (tracing === undefined ? host.gives() : { ...host.gives() })

const late: Operation = (tracing, host) => (tracing === undefined ? host.gives() : host.resolves())

test('what the host itself does wrong would be seen', async () => {
  const tracing = createAdapterTracing()
  for (const operation of [twice, copied, late]) {
    // oxlint-disable-next-line no-await-in-loop
    expect(difference(await see(operation, undefined, {}), await see(operation, tracing, {}))).toBeDefined()
  }
})
