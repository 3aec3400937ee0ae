import { beforeAll, describe, expect, test } from 'vitest'
import type { Delivery, Move, OutgoingMessage } from '../../src/verdict/delivery.ts'
import { METRICS, OURS } from '../../src/base/names.ts'
import type { TracingOptions } from '../../src/options.ts'
import type { AttemptDetails } from '../../src/runtime.ts'
import { delivery, lineage, publication, TRACEPARENT } from '../messages.ts'
import type { Injection } from '../../src/operations/injection.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

type Carrier = Readonly<Record<string, string>>

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** What is written onto a message. */
const written = (injection: Injection | undefined): Carrier => (injection?.fields ?? {}) as Carrier

/** Handles a message and moves it, once; gives what is on the next copy. */
function moved(
  received: Partial<Delivery>,
  { kind = 'dead_letter', error }: Partial<Move> = {},
  { options, message }: { readonly options?: TracingOptions; readonly message?: Partial<OutgoingMessage> } = {},
): { readonly carrier: Carrier; readonly traced: Traced } {
  const traced = createTraced(options)
  const arrived = delivery({ key: 'r-1', ...received })
  const call = { destination: { name: 'dead' }, move: { kind, delivery: arrived, error } }
  const injection = traced.tracing.process(arrived, () =>
    traced.tracing.send(publication([{ carrier: arrived.carrier, ...message }], call), ([one]) => one),
  )
  return { carrier: written(injection), traced }
}

/** Handles a message, and gives what a hook is told. */
function handle(part: Partial<Delivery>): { readonly details: AttemptDetails; readonly traced: Traced } {
  const seen: AttemptDetails[] = []
  const traced = createTraced({ hooks: { onProcess: (_, details) => void seen.push(details) } })
  traced.tracing.process(delivery(part), () => {})
  return { details: seen[0]!, traced }
}

/** The facts on a message, without our prefix. */
const facts = (carrier: Carrier): Record<string, string> =>
  Object.fromEntries(
    Object.entries(carrier).flatMap(([name, text]) =>
      name.startsWith('tracebaton-') ? [[name.slice('tracebaton-'.length), text]] : [],
    ),
  )

const received: Partial<Delivery> = { position: '0:42', facts: { consumerGroup: 'billing', messageId: 'm-1' } }

/** What is on a dead letter. */
const dead = (): Carrier => moved(received, { error: new TypeError('no stock') }).carrier

const upTo = (most: number) => ({ message: { fits: (fields: object) => Object.keys(fields).length <= most } })

const skipped = ({ traced }: { readonly traced: Traced }, reason: string) =>
  traced.counted(METRICS.skipped[0], { [OURS.reason]: reason })

describe('a dead letter', () => {
  test('says where it was, who handled it how often, and what happened', () => {
    const carrier = { traceparent: TRACEPARENT, tracebaton: lineage({ attempt: 3 }) }
    expect(facts(moved({ ...received, carrier }, { error: new TypeError('no stock') }).carrier)).toEqual({
      'original-destination': 'orders',
      'original-position': '0:42',
      'original-consumer': 'billing',
      attempts: '3',
      'error-type': 'TypeError',
      'error-message': 'no stock',
      'failed-at': expect.stringMatching(ISO) as string,
    })
  })

  test('says the message id and the queue where the broker knows those', () => {
    const said = facts(moved({ facts: { messageId: 'm-1' }, queue: 'orders-eu' }).carrier)
    expect(said).toMatchObject({ 'original-position': 'm-1', 'original-consumer': 'orders-eu' })
    expect(said).not.toHaveProperty('error-type')
  })

  test('moved by hand says the same, as far as it is known', () => {
    const traced = createTraced({ republish: () => 'dead_letter' })
    const arrived = delivery(received)
    const injection = traced.tracing.process(arrived, () =>
      traced.tracing.send(publication([{ carrier: arrived.carrier }]), ([one]) => one),
    )
    expect(Object.keys(facts(written(injection)))).toEqual([
      'original-destination',
      'original-position',
      'original-consumer',
      'attempts',
      'failed-at',
    ])
  })

  test('that the broker made comes from where the broker says', () => {
    const said = facts(moved({ ...received, deadLetter: { source: 'orders-first', reason: 'expired' } }).carrier)
    expect(said).toMatchObject({ 'original-destination': 'orders-first', 'original-position': 'm-1' })
    expect(said).not.toHaveProperty('original-consumer')
  })

  test('says no more of the failure than the options allow', () => {
    const options = { deadLetter: { errorMessage: false, errorStack: true, redact: () => 'redacted' } }
    const said = facts(moved(received, { error: new TypeError('no stock') }, { options }).carrier)
    expect(said).toMatchObject({ 'error-type': 'TypeError', 'error-stack': 'redacted' })
    expect(said).not.toHaveProperty('error-message')
  })

  test.each([
    ['throws', (): never => fail()],
    ['gives a promise', () => Promise.reject(new Error('later')) as never],
    ['gives no text', () => 7 as never],
  ])('says nothing where the function that redacts %s', (_, redact) => {
    const { carrier } = moved(received, { error: new TypeError('secret') }, { options: { deadLetter: { redact } } })
    expect(facts(carrier)).toMatchObject({ 'error-type': 'TypeError' })
    expect(JSON.stringify(carrier)).not.toContain('secret')
  })

  test('of an error that cannot be read says the rest', () => {
    const error = Object.defineProperty(new Error('x'), 'message', { get: fail })
    expect(facts(moved(received, { error }).carrier)).toMatchObject({ attempts: '1' })
  })
})

describe('of a message that is moved again', () => {
  test('the original facts stay, and those of the failure are replaced', () => {
    const again = { carrier: dead(), destination: { name: 'dead' }, position: '7:7', facts: { consumerGroup: 'mail' } }
    const error = new RangeError('too late')
    expect(facts(moved(again, { error }).carrier)).toMatchObject({
      'original-destination': 'orders',
      'original-position': '0:42',
      'original-consumer': 'billing',
      'error-type': 'RangeError',
      'error-message': 'too late',
    })
    expect(facts(moved(again).carrier)).not.toHaveProperty('error-type')
  })

  test('a redrive changes nothing of that', () => {
    const carrier = dead()
    const back = moved({ carrier, destination: { name: 'dead' } }, { kind: 'redrive' })
    expect(facts(back.carrier)).toEqual(facts(carrier))
  })

  test('facts that came with somebody else’s context are not taken over', () => {
    const carrier = { ...dead(), traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }
    expect(facts(moved({ carrier, destination: { name: 'mail' } }).carrier)).toMatchObject({
      'original-destination': 'mail',
    })
  })

  test('facts of a producer that is not trusted are not taken over', () => {
    const options = { trust: 'link-only' } as const
    const again = moved({ carrier: dead(), destination: { name: 'mail' } }, {}, { options })
    expect(facts(again.carrier)).toMatchObject({ 'original-destination': 'mail' })
  })

  test('a new message made from it has none of them', () => {
    const traced = createTraced()
    const carrier = dead()
    traced.tracing.process(delivery({ carrier }), () => {
      const [injection] = traced.tracing.send(
        publication([{ carrier }], { destination: { name: 'mail' } }),
        (all) => all,
      )
      expect(facts(written(injection))).toEqual({})
      expect(traced.tracing.isField('Tracebaton-Original-Destination')).toBe(true)
    })
  })
})

describe('where a message has too little room', () => {
  test('the facts are packed into one header, and read from there', async () => {
    const packed = moved(received, { error: new TypeError('no stock') }, upTo(3))
    expect(Object.keys(packed.carrier)).toEqual(['traceparent', 'tracebaton', 'tracebaton-facts'])
    expect(await skipped(packed, 'facts')).toBe(0)
    const again = moved({ carrier: packed.carrier, destination: { name: 'dead' } })
    expect(facts(again.carrier)).toMatchObject({ 'original-position': '0:42', attempts: '1' })
    expect(again.carrier).not.toHaveProperty('tracebaton-facts')
  })

  test('they are left out before the lineage is, and counted', async () => {
    const bare = moved(received, {}, upTo(2))
    expect(Object.keys(bare.carrier)).toEqual(['traceparent', 'tracebaton'])
    expect(await skipped(bare, 'facts')).toBe(1)
    const least = moved(received, {}, upTo(1))
    expect(Object.keys(least.carrier)).toEqual(['traceparent'])
    expect(await skipped(least, 'essential_only')).toBe(1)
  })
})

describe('the attempt of a message that was moved', () => {
  test('says where a dead letter came from, and why', () => {
    const { details, traced } = handle({ carrier: dead(), destination: { name: 'dead' } })
    expect(traced.span('process dead').attributes).toMatchObject({
      [OURS.kind]: 'dead_letter',
      [OURS.deadLetterSource]: 'orders',
      [OURS.deadLetterReason]: 'TypeError',
    })
    expect(details.history).toMatchObject({
      attempt: 1,
      kind: 'dead_letter',
      redrives: 0,
      deadLetter: { source: 'orders', reason: 'TypeError' },
      moved: { originalPosition: '0:42', attempts: 1, errorMessage: 'no stock' },
    })
    expect(details.history.origin?.spanId).toBe(TRACEPARENT.split('-')[2])
    expect(details.history.previousAttempt).toBeDefined()
  })

  test('knows a dead letter that comes back to where it died, although nobody said so', () => {
    const { traced } = handle({ carrier: dead() })
    expect(traced.span('process orders').attributes).toMatchObject({
      [OURS.kind]: 'redrive',
      [OURS.redrives]: 1,
      [OURS.attempt]: 1,
    })
    expect(traced.span('process orders').parentSpanContext).toBeDefined()
    expect(traced.span('process orders').attributes).not.toHaveProperty(OURS.deadLetterSource)
  })

  test('knows it by its queue where destinations have several names', () => {
    const carrier = moved({ queue: 'orders-eu', destination: { name: 'shop:orders:orders-eu' } }).carrier
    const back = handle({ carrier, destination: { name: 'amq.default:orders-eu' }, queue: 'orders-eu' })
    expect(back.traced.span('process amq.default:orders-eu').attributes).toMatchObject({ [OURS.redrives]: 1 })
    const other = handle({ carrier, destination: { name: 'dead' }, queue: 'dead' })
    expect(other.traced.span('process dead').attributes).toMatchObject({ [OURS.kind]: 'dead_letter' })
  })

  test('is not misled by headers that are none of ours', () => {
    const odd = { 'tracebaton-attempts': '-1', 'tracebaton-error-type': '', 'tracebaton-facts': '{"attempts":' }
    const { details } = handle({ carrier: { traceparent: TRACEPARENT, ...odd } })
    expect(details.history.moved).toEqual({})
    const huge = { 'tracebaton-attempts': '2', 'tracebaton-original-destination': 'x'.repeat(9000) }
    const { details: bounded } = handle({ carrier: { traceparent: TRACEPARENT, ...huge } })
    expect(bounded.history.moved?.originalDestination).toHaveLength(256)
    expect(bounded.history.moved?.attempts).toBe(2)
    const lines = {
      'tracebaton-attempts': '2',
      'tracebaton-original-destination': 'or\r\n\u001B[31mders',
      'tracebaton-error-message': 'a\nb',
    }
    const { details: clean } = handle({ carrier: { traceparent: TRACEPARENT, ...lines } })
    expect(clean.history.moved).toMatchObject({ originalDestination: 'or   [31mders', errorMessage: 'a\nb' })
    const packed = handle({ carrier: { traceparent: TRACEPARENT, 'tracebaton-facts': '[null]' } })
    expect(packed.details.history.moved).toEqual({})
  })
})

function fail(): never {
  throw new Error('secret')
}
