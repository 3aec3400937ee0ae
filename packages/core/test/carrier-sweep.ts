import { types } from 'node:util'
import { SpanKind } from '@opentelemetry/api'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Trust } from '../src/base/policy.ts'
import type { TracingOptions } from '../src/options.ts'
import { carriers } from './carriers.ts'
import { useContexts } from './contexts.ts'
import { useUnhandled } from './sweep.ts'

/** How a client hands headers over. */
export interface CarrierUse {
  /** Handles a message with these headers, with options by way of the adapter. Gives what the handler gave. */
  readonly process: (carrier: unknown, handler: () => string, options: TracingOptions | undefined) => unknown
  /** Sends a message with these headers. Gives what the client gave, and how often it has sent. */
  readonly send: (carrier: unknown, options: TracingOptions | undefined) => unknown
}

const TRUSTS: readonly Trust[] = ['full', 'link-only', 'ignore']

/**
 * Tests that hostile headers change nothing: what is handled or sent gives what it gives without us, has its span, and
 * puts nothing on it that has no bound.
 *
 * @param client what it is called
 */
export function sweepCarriers(client: string, { process: handle, send }: CarrierUse): void {
  describe(`hostile headers change nothing for the user of ${client}`, () => {
    const exporter = new InMemorySpanExporter()
    const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
    const unhandled = useUnhandled()
    const all: string[] = []
    let combinations = 0
    beforeAll(useContexts)
    afterAll(() => tracerProvider.shutdown())

    test.each(carriers)('%s', async (name, make) => {
      const wrong: string[] = []
      for (const trust of TRUSTS) {
        const options: TracingOptions = { tracerProvider, trust, onError: () => {} }
        const uses = [
          ['process', (given: TracingOptions | undefined) => handled(handle, make(), given)],
          ['send', (given: TracingOptions | undefined) => seenBy(() => send(make(), given))],
        ] as const
        for (const [act, use] of uses) {
          // oxlint-disable no-await-in-loop -- the spans are those of the one before
          const expected = await use(undefined)
          exporter.reset()
          const seen = await use(options)
          // oxlint-enable no-await-in-loop
          combinations += 1
          const spans = exporter.getFinishedSpans()
          // Where a field of ours replaces what the client could not write, the client has no reason to fail.
          const replaced = /^(?:traceparent|tracestate|tracebaton|baggage|a getter)/.test(name)
          const mended = act === 'send' && replaced && expected.startsWith('failed')
          const faults = seen === expected || mended ? [] : [`${seen} instead of ${expected}`]
          faults.push(...spans.flatMap((span) => faultsOf(span, trust)))
          // No client hands over, and none takes, what cannot be read.
          if (spans.length === 0 && isReadable(make()) && !expected.startsWith('failed')) faults.push('no span')
          wrong.push(...faults.map((fault) => `${act}, ${trust}: ${fault}`))
        }
      }
      const rejections = await unhandled.take()
      if (rejections.length > 0) wrong.push(`${rejections.length} unhandled rejections`)
      all.push(...wrong)
      expect(wrong.join('\n')).toBe('')
    })

    test('all carriers, each handled and sent', ({ task }) => {
      console.log(
        `${client}: ${carriers.length} hostile carriers × handled and sent × ${TRUSTS.length} trusts = ` +
          `${combinations} combinations, ${all.length} changed results`,
      )
      task.meta.carriers = { combinations, changed: all.length }
      expect(carriers.length).toBeGreaterThanOrEqual(201)
      expect(combinations).toBe(carriers.length * TRUSTS.length * 2)
    })
  })
}

async function handled(
  handle: CarrierUse['process'],
  carrier: unknown,
  options: TracingOptions | undefined,
): Promise<string> {
  let calls = 0
  const handler = (): string => `handled ${(calls += 1)}`
  return `${await seenBy(() => handle(carrier, handler, options))} after ${calls} calls`
}

async function seenBy(work: () => unknown): Promise<string> {
  try {
    return JSON.stringify(await work()) ?? 'nothing'
  } catch (error) {
    return `failed with ${String(error)}`
  }
}

/** Whether a client would hand it over: texts, bytes and what else brokers know, in a bag or in lists in one. */
function isReadable(carrier: unknown): boolean {
  try {
    if (typeof carrier !== 'object' || carrier === null || types.isProxy(carrier)) return false
    return Object.values(carrier)
      .flat()
      .every((value) => typeof value !== 'object' || value instanceof Uint8Array)
  } catch {
    return false
  }
}

/** As long as a text on a span may be: an error message. */
const MOST = 1024

function faultsOf(span: ReadableSpan, trust: Trust): string[] {
  const faults: string[] = []
  const texts = Object.entries({ ...span.attributes, name: span.name, status: span.status.message })
  for (const [name, value] of [...texts, ...span.links.flatMap(({ attributes }) => Object.entries(attributes ?? {}))]) {
    if (typeof value === 'number' && !(Math.abs(value) <= 2 ** 53)) faults.push(`${name} is ${value}`)
    if (typeof value !== 'string') continue
    if (value.length > MOST) faults.push(`${name} has ${value.length} characters`)
    // A message of an error may have several lines.
    if (/(?![\n\r\t])\p{Cc}/u.test(value)) faults.push(`${name} has control characters`)
  }
  if (span.kind !== SpanKind.CONSUMER || trust === 'full') return faults
  if (span.parentSpanContext !== undefined) faults.push('a parent that is not trusted')
  if (trust === 'ignore' && span.links.length > 0) faults.push('a link to what is ignored')
  return faults
}
