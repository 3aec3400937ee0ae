import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { beforeAll, expect, test } from 'vitest'
import { createAdapterTracing } from '../../src/tracing.ts'
import type { Delivery } from '../../src/verdict/delivery.ts'
import { useContexts } from '../contexts.ts'
import { w3cPropagator } from '../sdk.ts'

beforeAll(useContexts)

const MESSAGES = 1_000
/** Characters of each message that nothing needs after its handler: all together 100 MB. */
const LONG = 100_000

const hex = (number: number, length: number): string => (number + 1).toString(16).padStart(length, '0')
const traceparent = (number: number): string => `00-${hex(number, 32)}-${hex(number, 16)}-01`
const long = (number: number): string => Buffer.from(`${number}`.padEnd(LONG, 'x')).toString()

/** Where a message may be long. */
const WHERE: Readonly<Record<string, (number: number) => Partial<Delivery>>> = {
  traceparent: (number) => ({
    carrier: { traceparent: Buffer.from(`01${traceparent(number).slice(2)}-${long(number)}`) },
  }),
  tracestate: (number) => ({
    carrier: {
      traceparent: traceparent(number),
      tracestate: Buffer.from(`vendor=${'v'.repeat(40)},${' '.repeat(LONG)}`),
    },
  }),
  baggage: (number) => ({
    carrier: { traceparent: traceparent(number), baggage: Buffer.from(`key=${'v'.repeat(40)},${' '.repeat(LONG)}`) },
  }),
  lineage: (number) => ({
    carrier: { traceparent: traceparent(number), tracebaton: `1;b=${hex(number, 8)};z=${long(number)}` },
  }),
  identity: (number) => ({ identity: long(number) }),
  'message id': (number) => ({ facts: { messageId: long(number) } }),
  destination: (number) => ({ destination: { name: long(number) } }),
  'common template': (number) => ({ destination: { name: 'orders', commonTemplate: long(number) } }),
  'error type': () => ({}),
}

const collect = ((): (() => void) => {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
})()

function heap(): number {
  for (let times = 0; times < 3; times += 1) collect()
  return process.memoryUsage().heapUsed
}

test.each(Object.entries(WHERE))('a long %s is not kept after its message was handled', (where, part) => {
  const tracing = createAdapterTracing({
    tracerProvider: new BasicTracerProvider(),
    propagator: w3cPropagator(),
    onError: () => {},
  })
  const handle = (number: number): void => {
    const message = { system: 'kafka', destination: { name: 'orders' }, carrier: {}, identity: `${where}:${number}` }
    try {
      tracing.process({ ...message, ...part(number) }, () => {
        throw Object.assign(new Error('x'), { name: where === 'error type' ? long(number) : 'Refused' })
      })
    } catch {
      // What the handler threw.
    }
  }
  handle(MESSAGES)
  const before = heap()
  for (let number = 0; number < MESSAGES; number += 1) handle(number)
  expect(heap() - before).toBeLessThan((MESSAGES * LONG) / 5)
})

test('what keeps a message keeps neither the span of its attempt nor what its handler threw', async () => {
  const refs: WeakRef<object>[] = []
  const tracing = createAdapterTracing({
    tracerProvider: new BasicTracerProvider(),
    hooks: { onProcess: (span) => void refs.push(new WeakRef(span)) },
  })
  const fail = (): never => {
    const error = new Error('refused')
    refs.push(new WeakRef(error))
    throw error
  }
  const messages: Delivery[] = [1, 2, 3].map((number) => ({
    system: 'kafka',
    destination: { name: 'orders' },
    carrier: { traceparent: traceparent(number) },
  }))
  for (const message of messages) {
    try {
      tracing.process(message, fail)
    } catch {
      // What the handler threw.
    }
  }
  // A reference that was made or read in this turn holds on.
  await setImmediate()
  collect()
  expect(refs.map((ref) => ref.deref())).toEqual(Array(6).fill(undefined))
  expect(messages).toHaveLength(3)
})
