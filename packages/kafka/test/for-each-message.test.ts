import { trace } from '@opentelemetry/api'
import type { ConsumerRunConfig, EachBatchPayload, KafkaMessage } from 'kafkajs'
import { describe, expect, test, vi } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { attemptOf, createRecording, rolesOf } from '../../testing/test/recording.ts'
import { attemptOf as attemptAt, forEachMessage, traceConsumer, traceHandler, traceProducer } from '../src/index.ts'
import { batchPayload, createConsumer, createProducer, received } from './fake-kafka.ts'

useContexts()

const OLD = '00-12345678901234567890123456789012-1234567890123456-01'

/** Runs one batch, or the same one several times. */
async function handle(
  eachBatch: (payload: EachBatchPayload) => Promise<unknown>,
  messages: KafkaMessage[],
  { rounds = 1, ...state }: Partial<EachBatchPayload> & { rounds?: number } = {},
  config: ConsumerRunConfig = {},
) {
  const recording = createRecording()
  const { consumer, deliverBatch } = createConsumer()
  await traceConsumer(consumer, { ...recording.options, groupId: crypto.randomUUID() }).run({
    ...config,
    eachBatch: async (payload) => void (await eachBatch(payload)),
  })
  const ends: PromiseSettledResult<void>[] = []
  for (let round = 0; round < rounds; round++) ends.push(...(await Promise.allSettled([deliverBatch(messages, state)])))
  const all = recording.spans('process orders')
  const isBatch = (span: (typeof all)[number]): boolean => 'messaging.batch.message_count' in span.attributes
  return { ...recording, ends, batches: all.filter(isBatch), attempts: all.filter((span) => !isBatch(span)) }
}

function three(): KafkaMessage[] {
  return [received({ traceparent: OLD }, 10), received({}, 11), received({}, 12)]
}

describe('forEachMessage', () => {
  test('handles one after the other, each in an active span of its own that links the batch', async () => {
    const active: (string | undefined)[] = []
    let running = 0
    let results: unknown
    const { attempts, batches } = await handle(async (payload) => {
      results = await forEachMessage(payload, async ({ offset }) => {
        running += 1
        await Promise.resolve()
        active.push(trace.getActiveSpan()?.spanContext().spanId)
        expect(running).toBe(1)
        running -= 1
        return offset
      })
    }, three())
    expect(results).toEqual(['10', '11', '12'])
    expect(active).toEqual(attempts.map(({ spanId }) => spanId))
    expect(attempts.map(rolesOf)).toEqual([['batch', 'creation'], ['batch'], ['batch']])
    for (const { links } of attempts) expect(links[0]?.spanId).toBe(batches[0]?.spanId)
    expect(attempts.map(({ parentSpanId }) => parentSpanId)).toEqual(['1234567890123456', undefined, undefined])
    expect(batches[0]?.parentSpanId).toBeUndefined()
  })

  test('hears from its options what a handler that returned has not taken', async () => {
    const { attempts } = await handle(async (payload) => {
      await forEachMessage(payload, async ({ offset }) => offset === '11', {
        outcomeOf: (taken) => (taken === true ? undefined : 'requeued'),
      })
    }, three())
    expect(attempts.map((span) => attemptOf(span)['outcome'])).toEqual(['requeued', 'acked', 'requeued'])
  })

  test('and the batch around it tell the attempt of each message, and of no other', async () => {
    const told: unknown[] = []
    await handle(async (payload) => {
      const [first, second] = payload.batch.messages
      told.push(attemptAt({ ...first! }))
      await forEachMessage(payload, (message) => void told.push(attemptAt(message)))
      told.push(attemptAt(second!))
    }, three())
    const one: unknown = expect.objectContaining({ attempt: 1, kind: 'first' })
    expect(told).toEqual([one, one, one, one, undefined])
  })

  test('does not count as time in the queue what a message waits for the others of its batch', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_732_145_005_000 })
    const messages = three().map((message) => Object.assign({}, message, { timestamp: '1732145000000' }))
    const { attempts } = await handle(
      (payload) => forEachMessage(payload, async () => void vi.setSystemTime(Date.now() + 60_000)),
      messages,
    ).finally(() => vi.useRealTimers())
    expect(attempts.map(({ attributes }) => attributes['tracebaton.queue.time'])).toEqual([5, 5, 5])
  })

  test('stops where the handler throws, at once or later, and throws that on', async () => {
    for (const fail of [
      () => Promise.reject(new RangeError('no')),
      () => {
        throw new RangeError('no')
      },
    ]) {
      const { attempts, batches, ends } = await handle(
        (payload) => forEachMessage(payload, ({ offset }) => (offset === '11' ? fail() : undefined)),
        three(),
      )
      expect(ends).toEqual([{ status: 'rejected', reason: new RangeError('no') }])
      expect(attempts.map(attemptOf)).toMatchObject([
        { outcome: 'acked', status: 'unset' },
        { outcome: 'requeued', status: 'error' },
      ])
      expect(batches[0]).toMatchObject({ status: 'error', attributes: { 'error.type': 'RangeError' } })
    }
  })

  test('after a failed batch sees messages again that had succeeded, and calls nothing of theirs failed', async () => {
    let failures = 1
    const { attempts } = await handle(
      (payload) =>
        forEachMessage(payload, ({ offset }) => {
          if (offset === '11' && failures-- > 0) throw new Error('no')
        }),
      three(),
      { rounds: 2 },
    )
    expect(attempts.map((span) => ({ offset: span.attributes['kafka.offset'], ...attemptOf(span) }))).toEqual([
      { offset: 10, attempt: 1, source: 'assumed', kind: 'first', outcome: 'acked', status: 'unset' },
      { offset: 11, attempt: 1, source: 'assumed', kind: 'first', outcome: 'requeued', status: 'error' },
      { offset: 10, attempt: 2, source: 'memory', kind: 'redelivery', outcome: 'acked', status: 'unset' },
      { offset: 11, attempt: 2, source: 'memory', kind: 'redelivery', outcome: 'acked', status: 'unset' },
      { offset: 12, attempt: 1, source: 'assumed', kind: 'first', outcome: 'acked', status: 'unset' },
    ])
    expect(attempts[2]?.links.find(({ role }) => role === 'previous_attempt')?.spanId).toBe(attempts[0]?.spanId)
  })

  test.each<[string, ConsumerRunConfig, Partial<EachBatchPayload>, number]>([
    ['goes on', {}, {}, 3],
    ['stops when somebody has called seek', {}, { isStale: () => true }, 0],
    [
      'stops with a consumer that takes only what was resolved',
      { eachBatchAutoResolve: false },
      { isRunning: () => false },
      0,
    ],
    ['goes on where kafkajs would take the rest for handled', {}, { isRunning: () => false }, 3],
    ['goes on where kafkajs is told to do so', { eachBatchAutoResolve: true }, { isRunning: () => false }, 3],
  ])('%s', async (_, config, state, handled) => {
    const { attempts } = await handle((payload) => forEachMessage(payload, () => {}), three(), state, config)
    expect(attempts).toHaveLength(handled)
  })

  test('stops before the next message, not within one', async () => {
    let stopped = false
    const { attempts } = await handle(
      (payload) => forEachMessage(payload, async () => void (stopped = true)),
      three(),
      { isRunning: () => !stopped },
      { eachBatchAutoResolve: false },
    )
    expect(attempts.map(attemptOf)).toMatchObject([{ outcome: 'acked' }])
  })

  test('takes a payload that was put together anew', async () => {
    const { attempts } = await handle(
      (payload) => forEachMessage({ ...payload }, () => {}),
      three(),
      { isRunning: () => false },
      { eachBatchAutoResolve: false },
    )
    expect(attempts).toEqual([])
  })

  test('without a traced consumer is a plain loop', async () => {
    const { recorder } = createRecording()
    const messages = three()
    await expect(forEachMessage(batchPayload(messages), ({ offset }) => offset)).resolves.toEqual(['10', '11', '12'])
    expect(recorder.spans).toEqual([])
  })
})

describe('traceHandler', () => {
  test('keeps messages apart that are handled side by side', async () => {
    const active: Record<string, string | undefined> = {}
    const waiting: (() => void)[] = []
    const { attempts } = await handle((payload) => {
      const one = traceHandler(async ({ offset }: KafkaMessage) => {
        await new Promise<void>((resolve) => {
          waiting.push(resolve)
          if (waiting.length === 3) for (const go of waiting) go()
        })
        active[offset] = trace.getActiveSpan()?.spanContext().spanId
      })
      return Promise.all(payload.batch.messages.map((message) => one(message)))
    }, three())
    expect(Object.entries(active)).toHaveLength(3)
    for (const { attributes, spanId } of attempts) expect(active[String(attributes['kafka.offset'])]).toBe(spanId)
  })

  test('fails one of several by itself', async () => {
    const { attempts, batches } = await handle((payload) => {
      const one = traceHandler(async ({ offset }: KafkaMessage) => {
        if (offset === '11') throw new Error('no')
      })
      return Promise.allSettled(payload.batch.messages.map((message) => one(message)))
    }, three())
    expect(attempts.map(({ status }) => status)).toEqual(['unset', 'error', 'unset'])
    expect(batches[0]?.status).toBe('unset')
  })

  test('passes on what comes with the message, the caller, and what comes back, at once', async () => {
    let results: unknown[] = []
    const worker = { name: 'worker' }
    await handle(async ({ batch }) => {
      const one = traceHandler(function (this: unknown, { offset }: KafkaMessage, more: number) {
        return [this, offset, more]
      })
      results = one.call(worker, batch.messages[0] as KafkaMessage, 7)
    }, three())
    expect(results).toEqual([worker, '10', 7])
  })

  test('handles a message of unknown origin, or something that is none, without a span', async () => {
    const { recorder } = createRecording()
    const one = traceHandler((message: KafkaMessage) => message)
    const message = received()
    expect(one(message)).toBe(message)
    for (const nonsense of [undefined, null, 'text']) expect(one(nonsense as never)).toBe(nonsense)
    expect(recorder.spans).toEqual([])
  })
})

test('messages that the handler of a batch sends back by hand keep their context, and no attempt is counted', async () => {
  const recording = createRecording()
  const { consumer, deliverBatch } = createConsumer()
  const { producer, sent } = createProducer()
  const traced = traceProducer(producer, recording.options)
  await traceConsumer(consumer, { ...recording.options, groupId: crypto.randomUUID() }).run({
    eachBatch: async (payload) => {
      await forEachMessage(payload, () => {})
      const messages = payload.batch.messages.map(({ key, value, headers }) => ({ key, value, headers: headers! }))
      await traced.send({ topic: 'orders', messages })
    },
  })
  await deliverBatch([received({ traceparent: OLD }), received({ traceparent: OLD })])
  expect(sent[0]?.messages.map(({ headers }) => headers)).toEqual([{ traceparent: OLD }, { traceparent: OLD }])
  expect(recording.span('send orders').kind).toBe('client')
})

describe('a message that no traced consumer received', () => {
  test('is an attempt where options say where it came from, and is handled without a span where there are none', () => {
    const { options, span, recorder } = createRecording()
    const message = received({ traceparent: OLD }, 7)
    expect(traceHandler(() => trace.getActiveSpan())(message)).toBeUndefined()
    expect(recorder.spans).toEqual([])
    const charge = traceHandler(() => 'done', { ...options, topic: 'orders', partition: 2, groupId: 'billing' })
    expect(charge(message)).toBe('done')
    const attempt = span('process orders')
    expect(attempt.traceId).toBe(OLD.slice(3, 35))
    expect(attempt.attributes).toMatchObject({
      'messaging.destination.partition.id': '2',
      'messaging.consumer.group.name': 'billing',
      'kafka.offset': 7,
    })
  })

  test('is an attempt also where the options do not say all', () => {
    const { options, span } = createRecording()
    traceHandler(() => {}, options)(received({}, 7))
    expect(span('process').attributes).not.toHaveProperty('messaging.destination.partition.id')
    traceHandler(() => {}, { ...options, topic: 'orders' })(received({}, 7))
    expect(span('process orders').attributes).toMatchObject({ 'kafka.offset': 7 })
  })
})
