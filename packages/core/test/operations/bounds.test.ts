import type { Attributes } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { beforeAll, describe, expect, test } from 'vitest'
import { OURS } from '../../src/base/names.ts'
import { logFields } from '../../src/log-fields.ts'
import type { Delivery } from '../../src/verdict/delivery.ts'
import type { FieldChanges } from '../../src/wire/carrier.ts'
import { measure } from '../measure.ts'
import { delivery, publication } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

const LONG = `a\u001b[31m\r\n${'x'.repeat(300_000)}`
const NUMBERS = [Number.NaN, Infinity, -Infinity, 1e308, -1e308, 2 ** 60]

/** A control character that no text of several lines has either. */
const CONTROL = /(?![\t\n\r])\p{Cc}/u

/** What a number that was not bounded looks like. */
const NONE = /NaN|Infinity|e\+/

class Long extends Error {
  override readonly name = LONG
}
const failure = (): Error => Object.assign(new Long(LONG), { code: LONG })

/** The texts and numbers of a span that no exporter or backend should get. */
function oddOn({ name, status, attributes, events, links }: ReadableSpan): string[] {
  const odd: string[] = []
  const look = (place: string, value: unknown, most: number, lines = false): void => {
    if (Array.isArray(value)) return value.forEach((one) => look(place, one, most, lines))
    if (typeof value === 'number' && !(Math.abs(value) <= 2 ** 53)) odd.push(`${place} = ${value}`)
    if (typeof value !== 'string') return
    if (value.length > most) odd.push(`${place} of ${value.length} characters`)
    if (/\p{Cc}/u.test(lines ? value.replace(/[\t\n\r]/g, '') : value)) odd.push(`${place} with control characters`)
  }
  const all = (place: string, some: Attributes = {}): void => {
    for (const [key, value] of Object.entries(some)) {
      const most = key === 'error.type' || key === 'exception.type' ? 128 : key === 'exception.message' ? 1024 : 256
      look(`${place} ${key}`, value, key === 'exception.stacktrace' ? 4096 : most, key.startsWith('exception.'))
    }
  }
  look('name', name, 256 + 'process '.length)
  look('status', status.message, 1024, true)
  all('attribute', attributes)
  for (const event of events) all('event', event.attributes)
  for (const link of links) all('link', link.attributes)
  return odd
}

/** All that an adapter may pass on from a message. */
const hostile = (number: number): Partial<Delivery> => ({
  destination: { name: LONG },
  facts: {
    messageId: LONG,
    conversationId: LONG,
    partition: LONG,
    clientId: LONG,
    consumerGroup: LONG,
    serverAddress: LONG,
    messageKey: LONG,
    routingKey: LONG,
    jobName: LONG,
    requestId: LONG,
    serverPort: number,
    bodySize: number,
    envelopeSize: number,
    offset: number,
    deliveryTag: number,
  },
  attributes: { text: LONG, number, list: [LONG, LONG], numbers: [number] },
  key: LONG,
  sentAt: number,
  queuedAt: number,
  delay: number,
  deliveredAt: number,
  count: { deliveries: number, exact: true },
  maxAttempts: number,
  redrives: number,
  deadLetter: { source: LONG, reason: LONG },
  kind: 'dead_letter',
})

describe.each(NUMBERS)('long texts with control characters, and the number %d', (number) => {
  test('reach no attempt, no batch, no receive, and no log line', async () => {
    const traced = createTraced()
    const { tracing, spans } = traced
    let fields = {}
    const fail = (): never => {
      fields = logFields()
      throw failure()
    }
    expect(() => tracing.process(delivery(hostile(number)), fail)).toThrow(Long)
    expect(() => tracing.processBatch([delivery(hostile(number))], fail)).toThrow(Long)
    const reception = {
      system: 'kafka',
      operation: 'receive',
      startedAt: Date.now(),
      batch: true,
      destination: { name: LONG },
      facts: { queueUrl: LONG },
      attributes: { number },
    }
    tracing.receive(reception, [delivery(hostile(number)), delivery({ destination: { name: LONG } })])
    tracing.receive({ ...reception, error: failure() }, [])
    expect(spans).toHaveLength(4)
    expect(spans.flatMap(oddOn)).toEqual([])
    expect(spans[0]?.attributes[OURS.attempt]).toBe(1)
    expect(Object.values(fields).filter((value) => String(value).length > 256)).toEqual([])
    expect(traced.failures).toEqual([])
  })

  test('reach no send, whatever the broker answers', () => {
    const traced = createTraced()
    const { facts, attributes } = hostile(number)
    const send = (count: number, answer: () => unknown) =>
      traced.tracing.send(
        publication(
          Array.from({ length: count }, () => ({ facts, attributes })),
          {
            destination: { name: LONG },
            facts,
            attributes,
            results: () => ({ facts, messages: [{ facts: facts ?? {} }, { error: LONG }] }),
          },
        ),
        answer,
      )
    send(1, () => 'sent')
    send(2, () => 'sent')
    expect(() => send(12, () => expectFailure())).toThrow(Long)
    expect(traced.spans.flatMap(oddOn)).toEqual([])
    expect(traced.failures).toEqual([])
  })

  test('reach no metric', async () => {
    const { tracing, points } = measure()
    tracing.process(delivery(hostile(number)), () => {})
    expect(() => tracing.process(delivery({ startedAt: number }), () => expectFailure())).toThrow(Long)
    tracing.send(publication([{}], { results: () => ({ messages: [{ error: LONG }] }) }), () => {})
    const all = Object.values(await points()).flat()
    expect(all.flatMap(({ labels }) => Object.values(labels)).filter((value) => String(value).length > 256)).toEqual([])
    expect(all.map(({ value, sum }) => sum ?? value).filter((value) => !(Math.abs(value) < 1e12))).toEqual([])
  })

  test('reach no header of a copy', () => {
    const { tracing } = createTraced()
    let fields: FieldChanges = {}
    const moved = delivery({ ...hostile(number), queue: LONG, position: LONG })
    tracing.process(moved, () =>
      tracing.send(
        publication([{}], { move: { kind: 'retry', delivery: moved, error: failure() } }),
        ([injection]) => void (fields = injection?.fields ?? {}),
      ),
    )
    expect(fields['tracebaton-error-type']).toHaveLength(128)
    expect(fields['tracebaton-error-message']).toHaveLength(256)
    expect(fields).toHaveProperty('tracebaton-original-destination')
    const odd = Object.entries(fields).filter(
      ([, text = '']) => text.length > 256 || CONTROL.test(text) || NONE.test(text),
    )
    expect(odd).toEqual([])
  })
})

function expectFailure(): never {
  throw failure()
}

test('error types beyond the first 500 are one on metrics', async () => {
  const { tracing, points } = measure({}, { name: 'error-types', version: '1' })
  for (let index = 0; index < 600; index++) {
    const fail = (): never => {
      throw Object.assign(new Error('x'), { name: `Error${index}` })
    }
    expect(() => tracing.process(delivery(), fail)).toThrow('x')
    tracing.send(publication([{}], { results: () => ({ messages: [{ error: `Refused${index % 7}` }] }) }), () => {})
  }
  const measured = await points()
  const types = (name: string) => new Set(measured[name]?.map(({ labels }) => labels['error.type']))
  expect(types('messaging.process.duration').size).toBeLessThanOrEqual(501)
  expect(types('messaging.process.duration')).toContain('_other')
  expect(types('messaging.client.sent.messages').size).toBe(7)
})
