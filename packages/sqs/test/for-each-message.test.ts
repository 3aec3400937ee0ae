import { SpanStatusCode, trace } from '@opentelemetry/api'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { forEachMessage, traceBatchHandler } from '../src/consumer.ts'
import type { SqsOptions } from '../src/trace.ts'
import { useContexts } from '../../core/test/contexts.ts'
import { createTracing } from '@tracebaton/core'
import { createTraced, type Traced } from './traced.ts'

let traced: Traced
beforeAll(useContexts)
beforeEach(() => {
  traced = createTraced()
})

const fail = (): never => {
  throw new Error('no stock')
}

describe('forEachMessage', () => {
  test('handles one after the other, each in its own active span, and gives what they gave', async () => {
    const messages = ['a', 'b', 'c'].map((Body) => ({ MessageId: Body, Body }))
    const order: (string | undefined)[] = []
    const spanIds = await forEachMessage(
      messages,
      async ({ Body }) => {
        order.push(`${Body} begins`)
        await Promise.resolve()
        order.push(`${Body} ends`)
        return trace.getActiveSpan()?.spanContext().spanId
      },
      traced.options,
    )
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
    expect(spanIds).toEqual(traced.named('process').map((span) => span.spanContext().spanId))
  })

  test('hears from its options what a handler that returned has not taken', async () => {
    await forEachMessage([{ MessageId: 'a' }, { MessageId: 'b' }], ({ MessageId }) => MessageId, {
      ...traced.options,
      outcomeOf: (id) => (id === 'a' ? 'requeued' : undefined),
    })
    const outcomes = traced.named('process').map(({ attributes }) => attributes['tracebaton.delivery.outcome'])
    expect(outcomes).toEqual(['requeued', 'acked'])
  })

  test('stops at the first failure, with the same error', async () => {
    const error = new Error('no stock')
    const seen: unknown[] = []
    const work = forEachMessage(
      [{ MessageId: 'a' }, { MessageId: 'b' }, { MessageId: 'c' }],
      ({ MessageId }) => {
        seen.push(MessageId)
        if (MessageId === 'b') throw error
      },
      traced.options,
    )
    await expect(work).rejects.toBe(error)
    expect(seen).toEqual(['a', 'b'])
    expect(traced.named('process').map(({ status }) => status.code)).toEqual([
      SpanStatusCode.UNSET,
      SpanStatusCode.ERROR,
    ])
  })

  test('takes the answer to a call that brought nothing', async () => {
    expect(await forEachMessage(undefined, fail, traced.options)).toEqual([])
  })

  test('gives the message in place of nothing, by which sqs-consumer deletes it', async () => {
    const messages = [{ MessageId: 'a' }, { MessageId: 'b' }, { MessageId: 'c' }]
    const results = await forEachMessage(messages, ({ MessageId }) => ({ b: null, c: 0 })[MessageId], traced.options)
    expect(results).toEqual([messages[0], null, 0])
  })
})

const failing =
  (...ids: string[]) =>
  async ({ MessageId }: { readonly MessageId?: string | undefined }) => {
    if (ids.includes(MessageId ?? '')) throw new Error(`no ${MessageId}`)
  }

describe('a batch handler', () => {
  const [one, two, three] = ['1', '2', '3'].map((MessageId) => ({ MessageId, Attributes: { MessageGroupId: 'g' } }))
  const messages = [one!, two!, three!]

  test('gives the messages that were handled, each in an attempt of its own', async () => {
    expect(await traceBatchHandler(failing(), traced.options)(messages)).toEqual(messages)
    expect(await traceBatchHandler(failing('2'), traced.options)(messages)).toEqual([one, three])
    const outcomes = traced.named('process').map(({ attributes }) => attributes['tracebaton.delivery.outcome'])
    expect(outcomes).toEqual(['acked', 'acked', 'acked', 'acked', 'requeued', 'acked'])
  })

  test('rejects with the first error where none was handled, and gives none of none', async () => {
    await expect(traceBatchHandler(failing('1', '2', '3'), traced.options)(messages)).rejects.toThrow('no 1')
    expect(await traceBatchHandler(failing(), traced.options)([])).toEqual([])
  })

  test('handles nothing after a failed message of its group on a FIFO queue', async () => {
    const options = { ...traced.options, queueUrl: 'https://sqs/1/orders.fifo' }
    const other = { MessageId: '4', Attributes: { MessageGroupId: 'h' } }
    expect(await traceBatchHandler(failing('2'), options)([...messages, other])).toEqual([one, other])
    expect(traced.named('process')).toHaveLength(3)
  })

  test.each([
    ['null', null],
    [
      'one that cannot be read',
      new Proxy(
        {},
        {
          get: (_, key) => {
            throw new Error(`no ${String(key)}`)
          },
        },
      ),
    ],
  ])('hands over what is no message: %s', async (_, given) => {
    const handled: unknown[] = []
    const odd = given as (typeof messages)[0]
    await traceBatchHandler((message) => void handled.push(message), traced.options)([odd, one!])
    expect(handled[0] === odd && handled[1] === one).toBe(true)
  })

  test('leaves out what its handler says that it has not taken', async () => {
    const options = {
      ...traced.options,
      outcomeOf: (result: unknown) => (result === '2' ? 'requeued' : undefined),
    } as const
    expect(await traceBatchHandler(({ MessageId }) => MessageId, options)(messages)).toEqual([one, three])
  })

  test.each<[string, SqsOptions]>([
    ['with', {}],
    ['without', { tracerProvider: undefined, meterProvider: undefined }],
  ])('asks once about each result, %s an SDK', async (_, more) => {
    const asked: unknown[] = []
    const options = { ...traced.options, ...more, outcomeOf: (result: unknown) => void asked.push(result) }
    expect(await traceBatchHandler(({ MessageId }) => MessageId, options)(messages)).toEqual(messages)
    expect(asked).toEqual(['1', '2', '3'])
  })

  test('leaves out what the options of its tracing say, and what follows in the group on a FIFO queue', async () => {
    const tracing = createTracing({
      ...traced.options,
      outcomeOf: (result) => (result === '2' ? 'requeued' : undefined),
    })
    const options = { tracing, queueUrl: 'https://sqs/1/orders.fifo' }
    expect(await traceBatchHandler(({ MessageId }) => MessageId, options)(messages)).toEqual([one])
    expect(traced.named('process')).toHaveLength(2)
  })
})
