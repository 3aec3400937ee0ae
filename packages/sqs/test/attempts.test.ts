import { EventEmitter, once } from 'node:events'
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { SpanStatusCode } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { beforeEach, describe, expect, test } from 'vitest'
import { attemptOf, traceHandler, type HandlerOptions } from '../src/consumer.ts'
import { traceSqs } from '../src/trace.ts'
import { useQueues } from './queues.ts'
import { createTraced, type Traced } from './traced.ts'

const queues = await useQueues()
let traced: Traced
let client: SQSClient

beforeEach(() => {
  traced = createTraced()
  client = traceSqs(queues.client(), { ...traced.options, legacyAttributeNames: true })
})

const receive = async (QueueUrl: string, count = 1, VisibilityTimeout = 30): Promise<Message[]> => {
  const wanted = { MaxNumberOfMessages: count, VisibilityTimeout, WaitTimeSeconds: 9 }
  const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, ...wanted }))
  expect(Messages).toHaveLength(count)
  return Messages
}
/** The message is visible again at once. (This service counts a change of visibility as one more receive.) */
const receiveBriefly = async (QueueUrl: string): Promise<Message> => (await receive(QueueUrl, 1, 0))[0]!
const send = (QueueUrl: string, MessageBody = 'body') => client.send(new SendMessageCommand({ QueueUrl, MessageBody }))
const remove = (QueueUrl: string, { ReceiptHandle }: Message) =>
  client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))

/** Handles a message; whether it fails is not our subject. */
async function handle(message: Message, handler: () => unknown = () => {}, more: Partial<HandlerOptions> = {}) {
  await traceHandler(async () => handler(), { ...traced.options, ...more })(message).catch(() => {})
}
const fail = (): never => {
  throw new Error('no stock')
}

const attempts = () => traced.named('process')
const facts = (span: ReadableSpan | undefined, ...names: string[]) =>
  names.map((name) => span?.attributes[`tracebaton.${name}`])
const links = (span: ReadableSpan | undefined) =>
  (span?.links ?? []).map(({ attributes, context }) => [attributes?.['tracebaton.link.role'], context.spanId])

/** A queue whose messages move to another one after so many receives. */
async function withDeadLetters(maxReceiveCount: number): Promise<{ main: string; dead: string }> {
  const dead = await queues.create()
  const deadLetterTargetArn = await queues.arnOf(dead)
  const main = await queues.create({ RedrivePolicy: JSON.stringify({ maxReceiveCount, deadLetterTargetArn }) })
  return { main, dead }
}

describe('attempts', () => {
  test('count on, are siblings below the send, and link the one before', async () => {
    const queue = await queues.create()
    await send(queue)
    const [sent] = traced.named('send')
    for (let attempt = 1; attempt <= 3; attempt++) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      const message = await receiveBriefly(queue)
      // oxlint-disable-next-line no-await-in-loop
      await handle(message, fail)
    }
    const [first, second, third] = attempts()
    const sentId = sent?.spanContext().spanId
    expect(attempts().map((span) => span.parentSpanContext?.spanId)).toEqual([sentId, sentId, sentId])
    expect(attempts().map((span) => facts(span, 'delivery.attempt', 'delivery.kind'))).toEqual([
      [1, 'first'],
      [2, 'redelivery'],
      [3, 'redelivery'],
    ])
    expect(facts(first, 'delivery.attempt_source', 'delivery.outcome')).toEqual(['broker', 'requeued'])
    expect(links(first)).toEqual([['creation', sentId]])
    expect(links(second)).toEqual([
      ['previous_attempt', first?.spanContext().spanId],
      ['creation', sentId],
    ])
    expect(links(third)[0]).toEqual(['previous_attempt', second?.spanContext().spanId])
    expect(attempts().every(({ status }) => status.code === SpanStatusCode.ERROR)).toBe(true)
  })

  test('have the time in queue once, and never less than nothing', async () => {
    const queue = await queues.create()
    await send(queue)
    for (let attempt = 1; attempt <= 2; attempt++) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      const message = await receiveBriefly(queue)
      // oxlint-disable-next-line no-await-in-loop
      await handle(message)
    }
    const times = attempts().map((span) => facts(span, 'queue.time', 'queue.age'))
    expect(times[0]?.[0]).toBeGreaterThanOrEqual(0)
    expect(times[1]?.[0]).toBeUndefined()
    for (const [, age] of times) expect(age).toBeGreaterThanOrEqual(0)
  })

  test('do not count the delay somebody asked for as time in queue', async () => {
    const queue = await queues.create()
    await client.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'late', DelaySeconds: 1 }))
    await handle((await receive(queue))[0]!)
    const [time, age] = facts(attempts()[0], 'queue.time', 'queue.age')
    expect(age).toBeGreaterThanOrEqual(0.9)
    expect(Number(age) - Number(time)).toBeCloseTo(1, 5)
  })

  test('are terminal where the caller says how many there are', async () => {
    const queue = await queues.create()
    await send(queue)
    const [message] = await receive(queue)
    await handle(message!, fail, { maxReceiveCount: 1 })
    expect(facts(attempts()[0], 'delivery.max_attempts', 'delivery.outcome')).toEqual([1, 'dead_lettered'])
  })

  test('know their queue from the message, or from the option', async () => {
    const queue = await queues.create()
    await send(queue)
    const [message] = await receive(queue)
    await handle(message!)
    await handle({ ...message! }, () => {}, { queueUrl: 'https://sqs.eu-west-1.amazonaws.com/123456789012/other' })
    await handle({ ...message! })
    expect(attempts().map(({ name }) => name)).toEqual([
      `process ${queue.split('/').at(-1)}`,
      'process other',
      'process',
    ])
  })

  test.each([undefined, null, ''])(
    'of messages whose receipt handle is %j are each of its own message',
    async (none) => {
      const ReceiptHandle = none as undefined
      const inner = { MessageId: 'inner', Body: 'body', ReceiptHandle }
      await handle({ MessageId: 'outer', Body: 'body', ReceiptHandle }, async () => {
        expect(attemptOf(inner)).toBeUndefined()
        await handle(inner)
      })
      expect(attempts().map(({ attributes }) => attributes['messaging.message.id'])).toEqual(['inner', 'outer'])
    },
  )

  test('of a message sent back by its handler are a retry, the lineage one further', async () => {
    const queue = await queues.create()
    await send(queue)
    const [message] = await receive(queue)
    await handle(message!, () =>
      client.send(
        new SendMessageCommand({ QueueUrl: queue, MessageBody: 'body', MessageAttributes: message!.MessageAttributes }),
      ),
    )
    const [again] = await receive(queue)
    await handle(again!)
    const [first, second] = attempts()
    expect(again?.MessageId).not.toBe(message?.MessageId)
    expect(second?.parentSpanContext?.spanId).toBe(first?.parentSpanContext?.spanId)
    expect(links(second)[0]).toEqual(['previous_attempt', first?.spanContext().spanId])
    expect(facts(second, 'delivery.attempt', 'delivery.kind', 'delivery.attempt_source')).toEqual([
      2,
      'immediate',
      'field',
    ])
  })

  test('of a message sent on to a queue of the same name in another account are those of a new message', async () => {
    const queue = await queues.create()
    await send(queue)
    const [message] = await receive(queue)
    const elsewhere = queue.replace(/\d+(?=\/[^/]+$)/, '999999999999')
    const { MessageAttributes } = message!
    const sendOn = () =>
      client.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'body', MessageAttributes }))
    await handle({ ...message! }, sendOn, { queueUrl: elsewhere })
    await handle((await receive(queue))[0]!)
    const [, second] = attempts()
    expect(facts(second, 'delivery.attempt', 'delivery.kind')).toEqual([1, 'first'])
  })
})

describe('a dead letter', () => {
  test('moved by the broker is a root that links the last attempt and the send', async () => {
    const { main, dead } = await withDeadLetters(2)
    await send(main)
    for (let attempt = 1; attempt <= 2; attempt++) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      const message = await receiveBriefly(main)
      // oxlint-disable-next-line no-await-in-loop
      await handle(message, fail, { maxReceiveCount: 2 })
    }
    const [message] = await receive(dead)
    await handle(message!)
    const [, last, buried] = attempts()
    const [sent] = traced.named('send')
    expect(facts(last, 'delivery.outcome')).toEqual(['dead_lettered'])
    expect(buried?.name).toBe(`process ${dead.split('/').at(-1)}`)
    expect(buried?.parentSpanContext).toBeUndefined()
    expect(links(buried)).toEqual([
      ['previous_attempt', last?.spanContext().spanId],
      ['creation', sent?.spanContext().spanId],
    ])
    expect(
      facts(buried, 'delivery.attempt', 'delivery.attempt_source', 'delivery.kind', 'dead_letter.source', 'queue.time'),
    ).toEqual([1, 'assumed', 'dead_letter', main.split('/').at(-1), undefined])
    expect(facts(buried, 'creation.trace_id')).toEqual([sent?.spanContext().traceId])
  })
})

describe('the outcome', () => {
  test('of a call that gives back follows it', async () => {
    const queue = await queues.create()
    await send(queue)
    const [message] = await receive(queue)
    const { ReceiptHandle } = message!
    await handle(message!, () =>
      client.send(new ChangeMessageVisibilityCommand({ QueueUrl: queue, ReceiptHandle, VisibilityTimeout: 0 })),
    )
    expect(facts(attempts()[0], 'delivery.outcome')).toEqual(['requeued'])
  })

  test('of a batch call that gives back follows it', async () => {
    const queue = await queues.create()
    await send(queue)
    const [message] = await receive(queue)
    const entry = { Id: 'a', ReceiptHandle: message!.ReceiptHandle, VisibilityTimeout: 0 }
    await handle(message!, () =>
      client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queue, Entries: [entry] })),
    )
    expect(facts(attempts()[0], 'delivery.outcome')).toEqual(['requeued'])
  })

  test('is not changed by more time for the handler', async () => {
    const queue = await queues.create()
    await send(queue)
    const [message] = await receive(queue)
    const { ReceiptHandle } = message!
    await handle(message!, () =>
      client.send(new ChangeMessageVisibilityCommand({ QueueUrl: queue, ReceiptHandle, VisibilityTimeout: 60 })),
    )
    expect(facts(attempts()[0], 'delivery.outcome')).toEqual(['acked'])
  })

  test('of a message deleted by a handler that then fails is acked', async () => {
    const queue = await queues.create()
    await send(queue)
    const [message] = await receive(queue)
    await handle(message!, async () => {
      await remove(queue, message!)
      fail()
    })
    expect(facts(attempts()[0], 'delivery.outcome')).toEqual(['acked'])
  })

  test('of a delete that the service refuses is not acked', async () => {
    const queue = await queues.create()
    await send(queue)
    const [message] = await receive(queue)
    await handle(message!, async () => {
      await client.send(
        new DeleteMessageBatchCommand({
          QueueUrl: `${queue}-missing`,
          Entries: [{ Id: 'a', ReceiptHandle: message!.ReceiptHandle }],
        }),
      )
    })
    expect(facts(attempts()[0], 'delivery.outcome')).toEqual(['requeued'])
  })

  test('of an entry that the service refuses is not acked', async () => {
    const [queue, other] = [await queues.create(), await queues.create()]
    await send(queue)
    const [message] = await receive(queue)
    await handle(message!, async () => {
      const Entries = [{ Id: 'a', ReceiptHandle: message!.ReceiptHandle }]
      const { Failed } = await client.send(new DeleteMessageBatchCommand({ QueueUrl: other, Entries }))
      expect(Failed?.map(({ Id }) => Id)).toEqual(['a'])
      fail()
    })
    expect(facts(attempts()[0], 'delivery.outcome')).toEqual(['requeued'])
  })

  test('is acked once where the message came again while its handler worked: the late success is abandoned', async () => {
    const queue = await queues.create()
    await send(queue)
    const early = await receiveBriefly(queue)
    const working = new EventEmitter()
    const late = handle(early, () => once(working, 'done'))
    const [again] = await receive(queue)
    await handle(again!, () => remove(queue, again!))
    working.emit('done')
    await late
    expect(attempts().map((span) => facts(span, 'delivery.attempt', 'delivery.outcome'))).toEqual([
      [2, 'acked'],
      [1, 'abandoned'],
    ])
    expect(attempts()[1]?.status.code).toBe(SpanStatusCode.UNSET)
  })

  test('is acked once where it was received twice before its handlers began, and both delete it', async () => {
    const queue = await queues.create()
    await send(queue)
    const arrivals = [await receiveBriefly(queue), (await receive(queue))[0]!]
    const gate = new EventEmitter()
    const handled = arrivals.map((message) =>
      handle(message, async () => {
        await once(gate, 'open')
        await remove(queue, message)
      }),
    )
    gate.emit('open')
    await Promise.all(handled)
    const told = attempts().map((span) => facts(span, 'delivery.attempt', 'delivery.outcome'))
    expect(told).toHaveLength(2)
    expect(told).toEqual(
      expect.arrayContaining([
        [1, 'abandoned'],
        [2, 'acked'],
      ]),
    )
    expect(attempts().some(({ attributes }) => 'tracebaton.previous_attempt' in attributes)).toBe(false)
  })

  test('stays with its own attempt where a late one deletes the message', async () => {
    const queue = await queues.create()
    await send(queue)
    const early = await receiveBriefly(queue)
    const gate = new EventEmitter()
    const late = handle(early, async () => {
      await once(gate, 'open')
      await remove(queue, early)
    })
    const [again] = await receive(queue)
    await handle(again!, async () => {
      gate.emit('open')
      await late
      fail()
    })
    const [first, second] = attempts()
    // The service says yes to the older receipt handle, and need not delete the message for it.
    expect(facts(first, 'delivery.attempt', 'delivery.outcome')).toEqual([1, 'abandoned'])
    expect(facts(second, 'delivery.attempt', 'delivery.outcome')).toEqual([2, 'requeued'])
    expect(links(second)[0]).toEqual(['previous_attempt', first?.spanContext().spanId])
  })

  test('of a settlement has a span of its own where that is asked for', async () => {
    const queue = await queues.create()
    const settling = createTraced({ spans: { settle: true } })
    await send(queue)
    const [message] = await receive(queue)
    const { ReceiptHandle } = message!
    await traceSqs(queues.client(), settling.options).send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle }))
    expect(settling.spans.map(({ name }) => name)).toEqual([`delete ${queue.split('/').at(-1)}`])
  })
})
