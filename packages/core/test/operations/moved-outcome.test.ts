import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Delivery, Move, Publication } from '../../src/verdict/delivery.ts'
import { parseLineage } from '../../src/wire/lineage.ts'
import { METRICS, OURS } from '../../src/base/names.ts'
import type { TracingOptions } from '../../src/options.ts'
import type { Outcome } from '../../src/base/policy.ts'
import type { Injection } from '../../src/operations/injection.ts'
import { delivery, lineage, publication, SPAN, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

const CARRIER = { traceparent: TRACEPARENT }
const REFUSED: Partial<Publication> = { results: () => ({ messages: [{ error: 'Throttled' }] }) }

/** Publishes the message being handled once more. */
const resend = ({ tracing }: Traced, call: Partial<Publication> = {}, publish: () => unknown = () => {}): unknown =>
  tracing.send(publication([{ carrier: CARRIER }], call), publish)

/** Takes the old copy off the queue, or puts it back. */
function settle({ tracing }: Traced, outcome: Outcome): void {
  const call = { operation: 'ack', destination: { name: 'orders' }, keys: ['r-1'], batch: false }
  tracing.settle({ system: 'kafka', outcome, ...call }, () => {})
}

const resendAndAck = (traced: Traced): void => {
  resend(traced)
  settle(traced, 'acked')
}
const ackAndResend = (traced: Traced): void => {
  settle(traced, 'acked')
  resend(traced)
}
const fail = async (): Promise<never> => Promise.reject(new Error('no stock'))

/** What the span and the metric say of an attempt whose handler does this. They have to say the same. */
async function outcomeAfter(work: (traced: Traced) => unknown, options: TracingOptions = {}): Promise<unknown> {
  const traced = createTraced(options)
  await traced.tracing.process(delivery({ key: 'r-1' }), async () => work(traced)).catch(() => {})
  const outcome = traced.span('process orders').attributes[OURS.outcome]
  expect(await traced.counted(METRICS.deliveries[0])).toBe(1)
  expect(await traced.counted(METRICS.deliveries[0], { [OURS.outcome]: String(outcome) })).toBe(1)
  return outcome
}

describe('the outcome of an attempt whose message was published once more', () => {
  test('to its own destination is a scheduled retry', async () => {
    expect(await outcomeAfter(resend)).toBe('retry_scheduled')
    expect(await outcomeAfter((traced) => resend(traced, {}, async () => {}))).toBe('retry_scheduled')
  })

  test.each([
    ['dead_letter', 'dead_lettered'],
    ['retry', 'retry_scheduled'],
    ['redrive', 'acked'],
    ['forward', 'acked'],
  ] as const)('follows republish: %s is %s', async (move, outcome) => {
    const elsewhere = { destination: { name: 'elsewhere' } }
    expect(await outcomeAfter((traced) => resend(traced, elsewhere), { republish: () => move })).toBe(outcome)
  })

  test.each([
    ['retry_scheduled', {}],
    ['dead_lettered', { republish: () => 'dead_letter' as const }],
  ])('stays %s when the old copy is acknowledged, before or after', async (outcome, options) => {
    expect(await outcomeAfter(resendAndAck, options)).toBe(outcome)
    expect(await outcomeAfter(ackAndResend, options)).toBe(outcome)
  })

  test('is another settlement where the old copy got one', async () => {
    const outcome = await outcomeAfter((traced) => {
      resend(traced)
      settle(traced, 'rejected')
    })
    expect(outcome).toBe('rejected')
  })

  test('is acked where the broker refused the new copy, or the call failed', async () => {
    expect(await outcomeAfter((traced) => resend(traced, REFUSED))).toBe('acked')
    expect(await outcomeAfter((traced) => Promise.allSettled([resend(traced, {}, fail)]))).toBe('acked')
  })

  test('is requeued where the handler throws after that, because the old copy comes back', async () => {
    const outcome = await outcomeAfter((traced) => {
      resend(traced)
      throw new Error('no stock')
    })
    expect(outcome).toBe('requeued')
  })

  test('is that of an ordinary message where another one was sent', async () => {
    expect(await outcomeAfter(({ tracing }) => tracing.send(publication(), () => {}))).toBe('acked')
  })
})

describe('an attempt that moved its message because of an error', () => {
  const noStock = new TypeError('no stock')

  async function attemptThat(kind: Move['kind'], options: TracingOptions = {}, call: Partial<Publication> = {}) {
    const traced = createTraced(options)
    const received = delivery({ key: 'r-1' })
    await traced.tracing.process(received, async () => {
      const move = { kind, delivery: received, error: noStock }
      traced.tracing.send(publication([{ carrier: CARRIER }], { move, ...call }), () => {})
      settle(traced, 'acked')
    })
    const { status, attributes } = traced.span('process orders')
    return { traced, code: status.code, error: attributes['error.type'], outcome: attributes[OURS.outcome] }
  }

  test('has failed with that error, although its handler returned', async () => {
    const { traced, ...attempt } = await attemptThat('dead_letter')
    expect(attempt).toEqual({ code: SpanStatusCode.ERROR, error: 'TypeError', outcome: 'dead_lettered' })
    expect(traced.span('process orders').events.map(({ name }) => name)).toEqual(['exception'])
    expect(await traced.counted(METRICS.processDuration[0], { 'error.type': 'TypeError' })).toBe(1)
    expect(traced.span('send orders').status.code).toBe(SpanStatusCode.UNSET)
  })

  test('is an ERROR only where no attempt is left, if the option says so', async () => {
    const options = { errorStatus: 'terminal' } as const
    const code = { retry: SpanStatusCode.UNSET, dead_letter: SpanStatusCode.ERROR }
    for (const kind of ['retry', 'dead_letter'] as const) {
      expect(await attemptThat(kind, options)).toMatchObject({ code: code[kind], error: 'TypeError' })
    }
  })

  test('has failed with that error also if the broker refused the copy', async () => {
    const attempt = await attemptThat('dead_letter', {}, REFUSED)
    expect(attempt).toMatchObject({ code: SpanStatusCode.ERROR, error: 'TypeError', outcome: 'acked' })
  })

  test('that is open until it is settled gets to know of a move after its handler', () => {
    const traced = createTraced()
    const received = delivery({ key: 'r-1' })
    const attempt = traced.tracing.open(received)
    attempt.run(() => {})
    const move = { kind: 'dead_letter', delivery: received, error: noStock } as const
    traced.tracing.send(publication([{ carrier: CARRIER }], { move }), () => {})
    attempt.settle('acked')
    expect(traced.span('process orders').attributes[OURS.outcome]).toBe('dead_lettered')
    expect(traced.span('process orders').status.code).toBe(SpanStatusCode.ERROR)
  })
})

/** What the span of an attempt says whose handler does this. */
async function afterTrying(work: (traced: Traced) => unknown) {
  const traced = createTraced()
  await traced.tracing.process(delivery({ key: 'r-1' }), async () => work(traced))
  const { status, attributes } = traced.span('process orders')
  return { code: status.code, error: attributes['error.type'], outcome: attributes[OURS.outcome] }
}

describe('an attempt whose message could not be published once more', () => {
  test('has failed, although its handler swallows the error of the send', async () => {
    const attempt = await afterTrying(async (traced) => {
      await Promise.allSettled([resend(traced, {}, async () => Promise.reject(new RangeError('no room')))])
      settle(traced, 'acked')
    })
    expect(attempt).toEqual({ code: SpanStatusCode.ERROR, error: 'RangeError', outcome: 'acked' })
  })

  test('has failed, although its handler does not look at the refusals of the broker', async () => {
    const attempt = await afterTrying((traced) => resend(traced, REFUSED))
    expect(attempt).toEqual({ code: SpanStatusCode.ERROR, error: 'Throttled', outcome: 'acked' })
  })

  test('has not failed if a later try succeeds', async () => {
    const attempt = await afterTrying((traced) => {
      resend(traced, REFUSED)
      resend(traced)
    })
    expect(attempt).toEqual({ code: SpanStatusCode.UNSET, error: undefined, outcome: 'retry_scheduled' })
  })
})

/** Sends a message on by hand, from the handler of a whole batch. */
function resendFrom(deliveries: readonly Delivery[], options: TracingOptions = {}, call: Partial<Publication> = {}) {
  const traced = createTraced(options)
  const injection = traced.tracing.processBatch(deliveries, () =>
    traced.tracing.send(publication([{ carrier: CARRIER }], call), ([one]): Injection | undefined => one),
  )
  const send = traced.span(`send ${call.destination?.name ?? 'orders'}`)
  return {
    injection,
    send,
    links: send.links.map(({ context, attributes }) => [attributes?.[OURS.linkRole], context]),
  }
}

describe('a message of a batch that the handler of the batch sends on by hand', () => {
  const other = delivery({ carrier: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` } })

  test.each([
    ['the only message', [delivery()]],
    ['one of several', [other, delivery()]],
    ['one of several that share a context', [delivery({ identity: 'a' }), other, delivery({ identity: 'b' })]],
  ])('to its own address keeps its context, linked, and no attempt is counted: %s', (_, deliveries) => {
    const { injection, send, links } = resendFrom(deliveries)
    expect(injection).toBeUndefined()
    expect(send.kind).toBe(SpanKind.CLIENT)
    expect(links).toEqual([['creation', expect.objectContaining({ spanId: SPAN })]])
  })

  test.each([
    ['to another address', {}, { destination: { name: 'elsewhere' } }],
    ['to its own address, and republish says forward', { republish: () => 'forward' as const }, {}],
  ])('%s is a new message that links it', (_, options, call) => {
    const { injection, send, links } = resendFrom([other, delivery(), delivery()], options, call)
    expect(send.kind).toBe(SpanKind.PRODUCER)
    expect(injection?.fields?.['traceparent']).toContain(send.spanContext().spanId)
    expect(links).toEqual([['message', expect.objectContaining({ spanId: SPAN })]])
  })

  test('is not linked where its producer is not believed', () => {
    expect(resendFrom([other, delivery()], { trust: 'ignore' }).links).toEqual([])
  })

  test('is a move inside its own handler', () => {
    const traced = createTraced()
    const injection = traced.tracing.processBatch([other, delivery()], () =>
      traced.tracing.process(delivery(), () =>
        traced.tracing.send(publication([{ carrier: CARRIER }]), ([one]): Injection | undefined => one),
      ),
    )
    expect(parseLineage(injection?.fields?.['tracebaton'] ?? '')).toMatchObject({ attempt: 2 })
  })

  test('is found however many there are, and each is looked at a few times', () => {
    let looks = 0
    const alike = Array.from({ length: 200 }, (_, id) => {
      const one = delivery({ identity: `of many: ${id}`, key: id })
      return Object.defineProperty(one, 'carrier', { get: () => ((looks += 1), { ...CARRIER }) })
    })
    const traced = createTraced()
    traced.tracing.processBatch(alike, () =>
      traced.tracing.send(publication(alike.map(() => ({ carrier: { ...CARRIER } }))), () => {}),
    )
    expect(looks / alike.length).toBeLessThan(20)
  })
})

describe('a message of a batch that has been handled by itself', () => {
  const again = delivery({ carrier: CARRIER, identity: 'in-a-batch', key: 'r-1' })
  const failing = (traced: Traced): void => {
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(() =>
        traced.tracing.process(again, () => {
          throw new Error(`attempt ${attempt}`)
        }),
      ).toThrow('attempt')
    }
  }

  test('is moved after its handler as its latest attempt, if asked for', () => {
    const traced = createTraced()
    const move = { kind: 'retry', delivery: again } as const
    const injection = traced.tracing.processBatch([again], () => {
      failing(traced)
      return traced.tracing.send(publication([{ carrier: CARRIER }], { move }), ([one]): Injection | undefined => one)
    })
    const attempts = traced.spans.filter(({ attributes }) => attributes[OURS.attempt] !== undefined)
    const said = parseLineage(injection?.fields?.['tracebaton'] ?? '')
    expect(said).toMatchObject({ attempt: (attempts.at(-1)?.attributes[OURS.attempt] as number) + 1 })
    expect(said?.previousAttempt?.spanId).toBe(attempts.at(-1)?.spanContext().spanId)
  })
})

test('a context that is not believed is not linked by what its handler sends', () => {
  const traced = createTraced({ trust: 'ignore' })
  traced.tracing.process(delivery({ carrier: CARRIER }), () =>
    traced.tracing.send(publication([{ carrier: CARRIER, destination: { name: 'elsewhere' } }]), () => {}),
  )
  expect(traced.span('send elsewhere').links).toEqual([])
})

describe('republish', () => {
  test('is asked with the destination of the very message', () => {
    const asked: unknown[] = []
    const republish: TracingOptions['republish'] = (call, received) => {
      asked.push([call.destination.name, received.destination.name])
      return call.destination.name === 'dead' ? 'dead_letter' : undefined
    }
    const traced = createTraced({ republish })
    const messages = ['orders', 'dead'].map((name) => ({ carrier: CARRIER, destination: { name } }))
    const sent = traced.tracing.process(delivery(), () =>
      traced.tracing.send(publication(messages, { destination: {} }), (all) => all),
    )
    expect(asked).toEqual([
      ['orders', 'orders'],
      ['dead', 'orders'],
    ])
    expect(sent.map((one) => parseLineage(one?.fields?.['tracebaton'] ?? '')?.kind)).toEqual([
      'immediate',
      'dead_letter',
    ])
  })

  test('that says redrive counts the redrives up, and the attempts from one again', () => {
    const traced = createTraced({ republish: () => 'redrive' })
    const carrier = { traceparent: TRACEPARENT, tracebaton: lineage({ attempt: 4, redrives: 1 }) }
    const fields = traced.tracing.process(delivery({ carrier, destination: { name: 'dead' } }), () =>
      traced.tracing.send(publication([{ carrier }]), ([one]) => one?.fields),
    )
    traced.tracing.process(delivery({ carrier: fields }), () => {})
    expect(traced.span('process dead').attributes).toMatchObject({ [OURS.attempt]: 4, [OURS.redrives]: 1 })
    expect(traced.span('process orders').attributes).toMatchObject({
      [OURS.attempt]: 1,
      [OURS.kind]: 'redrive',
      [OURS.redrives]: 2,
    })
  })
})
