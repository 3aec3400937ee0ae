import { context as contexts, ROOT_CONTEXT, trace, type SpanContext } from '@opentelemetry/api'
import { beforeAll, describe, expect, test } from 'vitest'
import type { FieldChanges } from '../../src/wire/carrier.ts'
import type { Delivery, Move, OutgoingMessage } from '../../src/verdict/delivery.ts'
import { METRICS, OURS } from '../../src/base/names.ts'
import type { TracingOptions } from '../../src/options.ts'
import { parseLineage } from '../../src/wire/lineage.ts'
import { parseTraceparent } from '../../src/wire/traceparent.ts'
import { firstField, movedField } from '../field.ts'
import { CREATION, delivery, publication, TRACE, TRACEPARENT } from '../messages.ts'
import { spanContext, traceparentOf } from '../sample.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

const FIRST = spanContext('f')
const LINK = { relation: 'link' } as const

const journeyOn = (fields: FieldChanges | undefined): SpanContext | undefined =>
  parseLineage(fields?.['tracebaton'] ?? '')?.journey
const journeyOf = (traced: Traced, name: string): unknown => traced.span(name).attributes[OURS.journeyTraceId]

/** Sends messages in the handler of one, and gives what is written onto each. */
function sendInHandler(
  options: TracingOptions,
  received: Partial<Delivery> = {},
  messages: readonly Partial<OutgoingMessage>[] = [{}],
): { traced: Traced; fields: (FieldChanges | undefined)[] } {
  const traced = createTraced(options)
  const call = publication(messages, { destination: { name: 'emails' } })
  const fields = traced.tracing.process(delivery(received), () =>
    traced.tracing.send(call, (injections) => injections.map((injection) => injection?.fields)),
  )
  return { traced, fields }
}

/** Moves a message in its handler. */
function move(kind: Move['kind'], options: TracingOptions, received: Partial<Delivery>) {
  const traced = createTraced(options)
  const arrived = delivery(received)
  const fields = traced.tracing.process(arrived, () =>
    traced.tracing.send(
      publication([{ carrier: arrived.carrier }], { move: { kind, delivery: arrived } }),
      ([injection]) => injection?.fields,
    ),
  )
  return { traced, fields }
}

describe('a message that belongs to the trace in which its journey began', () => {
  test('says nothing of it, and neither do its spans', () => {
    for (const options of [{}, { relation: 'child' }] as const) {
      const { traced, fields } = sendInHandler(options)
      expect(journeyOn(fields[0])).toBeUndefined()
      for (const { attributes } of traced.spans) expect(attributes).not.toHaveProperty(OURS.journeyTraceId)
    }
  })

  test('has no field if it has nothing else to say', () => {
    expect(sendInHandler({}).fields[0]).not.toHaveProperty('tracebaton')
  })

  test('says nothing of it where it is moved', () => {
    for (const kind of ['retry', 'dead_letter', 'redrive'] as const) {
      expect(journeyOn(move(kind, {}, {}).fields)).toBeUndefined()
      expect(journeyOn(move(kind, LINK, {}).fields)).toBeUndefined()
    }
  })
})

describe('what a handler sends from another trace', () => {
  test('names the first send, and so do its spans', () => {
    const { traced, fields } = sendInHandler(LINK)
    expect(journeyOn(fields[0])).toEqual(CREATION)
    expect(fields[0]?.['tracebaton']).toMatch(/^1;b=[0-9a-f]{8};j=[0-9a-f-]+;r=link$/)
    expect(journeyOf(traced, 'process orders')).toBe(TRACE)
    expect(journeyOf(traced, 'send emails')).toBe(TRACE)
  })

  test('names the first send of all, not the latest', () => {
    const received = { carrier: { traceparent: TRACEPARENT, tracebaton: firstField(CREATION, { journey: FIRST }) } }
    for (const options of [{}, LINK] as const) {
      const { traced, fields } = sendInHandler(options, received)
      expect(journeyOn(fields[0])).toEqual(FIRST)
      expect(journeyOf(traced, 'process orders')).toBe(FIRST.traceId)
      expect(journeyOf(traced, 'send emails')).toBe(FIRST.traceId)
    }
  })

  test.each([2, 11])('in one call of %i messages names it on each', (count) => {
    const { traced, fields } = sendInHandler(
      LINK,
      {},
      Array.from({ length: count }, () => ({})),
    )
    expect(fields.map(journeyOn)).toEqual(Array.from({ length: count }, () => CREATION))
    const made = traced.spans.filter(({ name }) => /^(?:create|send)/.test(name))
    expect(made.map(({ attributes }) => attributes[OURS.journeyTraceId])).toEqual(made.map(() => TRACE))
  })

  test('in a span of another trace names it, too', () => {
    const traced = createTraced()
    const other = trace.setSpanContext(ROOT_CONTEXT, FIRST)
    const fields = traced.tracing.process(delivery(), () =>
      contexts.with(trace.setSpan(contexts.active(), trace.getSpan(other)!), () =>
        traced.tracing.send(publication([{}]), ([injection]) => injection?.fields),
      ),
    )
    expect(journeyOn(fields)).toEqual(CREATION)
    expect(journeyOf(traced, 'send orders')).toBe(TRACE)
    expect(journeyOf(traced, 'process orders')).toBeUndefined()
  })

  test('with copied headers names it', () => {
    const { fields } = sendInHandler(LINK, {}, [{ carrier: { traceparent: TRACEPARENT } }])
    expect(parseTraceparent(fields[0]?.['traceparent'] ?? '')?.traceId).not.toBe(TRACE)
    expect(journeyOn(fields[0])).toEqual(CREATION)
  })
})

describe('a moved copy', () => {
  test.each(['retry', 'dead_letter', 'redrive'] as const)(
    'of a %s keeps the first send, and its span names it',
    (kind) => {
      const received = { carrier: { traceparent: TRACEPARENT, tracebaton: firstField(CREATION, { journey: FIRST }) } }
      const { traced, fields } = move(kind, {}, received)
      expect(journeyOn(fields)).toEqual(FIRST)
      expect(journeyOf(traced, 'send orders')).toBe(FIRST.traceId)
    },
  )

  test('of a message that foreign code has sent again names its origin', () => {
    const received = { carrier: { traceparent: TRACEPARENT, tracebaton: movedField(FIRST, { attempt: 2 }) } }
    const { traced, fields } = move('retry', {}, received)
    expect(journeyOn(fields)).toEqual(FIRST)
    expect(journeyOf(traced, 'process orders')).toBe(FIRST.traceId)
  })
})

describe('of whom a message says it', () => {
  const told = { carrier: { traceparent: TRACEPARENT, tracebaton: firstField(CREATION, { journey: FIRST }) } }

  test.each(['link-only', 'ignore'] as const)('nothing is believed if its producer is trusted %s', (trust) => {
    const { traced, fields } = sendInHandler({ trust }, told)
    expect(journeyOn(fields[0])).toBeUndefined()
    for (const { attributes } of traced.spans) expect(attributes).not.toHaveProperty(OURS.journeyTraceId)
  })

  test('nothing is believed if the field was written for another context', () => {
    const stale = { carrier: { traceparent: traceparentOf(spanContext('9')), tracebaton: told.carrier.tracebaton } }
    expect(journeyOf(sendInHandler({}, stale).traced, 'process orders')).toBeUndefined()
  })
})

describe('a whole batch', () => {
  const carrier = { traceparent: TRACEPARENT, tracebaton: firstField(CREATION, { journey: FIRST }) }

  test('has its messages’ journeys on the links, and is of none itself', () => {
    const traced = createTraced(LINK)
    const fields = traced.tracing.processBatch([delivery({ carrier })], () =>
      traced.tracing.send(publication([{}], { destination: { name: 'emails' } }), ([injection]) => injection?.fields),
    )
    const { attributes, links } = traced.span('process orders')
    expect(attributes).not.toHaveProperty(OURS.journeyTraceId)
    expect(links.map((link) => link.attributes?.[OURS.journeyTraceId])).toEqual([FIRST.traceId])
    expect(journeyOn(fields)).toBeUndefined()
  })
})

const withoutJourney = (fields: FieldChanges): boolean => !/;j=/.test(fields['tracebaton'] ?? '')

describe('where there is no room', () => {
  test.each([
    ['beside another fact', { delay: 1000 }, /^1;b=[0-9a-f]{8};d=rs$/],
    ['alone', {}, /^none$/],
  ])('the first send stays away and is counted, %s', async (_, message, field) => {
    const carrier = { traceparent: TRACEPARENT, tracebaton: firstField(CREATION, { journey: FIRST }) }
    const { traced, fields } = sendInHandler({}, { carrier }, [{ ...message, fits: withoutJourney }])
    expect(fields[0]?.['traceparent']).toBeDefined()
    expect(fields[0]?.['tracebaton'] ?? 'none').toMatch(field)
    expect(await traced.counted(METRICS.skipped[0], { [OURS.reason]: 'journey' })).toBe(1)
    expect(traced.failures.map(({ stage }) => stage)).toEqual(['headers'])
  })
})
