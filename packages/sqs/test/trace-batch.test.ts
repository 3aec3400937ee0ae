import { SpanStatusCode, trace } from '@opentelemetry/api'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { forEachMessage, traceBatch, traceBatchHandler } from '../src/consumer.ts'
import { createTraced, type Traced } from './traced.ts'

let traced: Traced
beforeAll(useContexts)
beforeEach(() => {
  traced = createTraced()
})

const queueUrl = 'https://sqs/1/orders'
const creations = ['a', 'b'].map((digit) => ({ traceId: digit.repeat(32), spanId: digit.repeat(16) }))
const messages = () =>
  creations.map(({ traceId, spanId }, index) => ({
    MessageId: String(index),
    ReceiptHandle: `r-${index}`,
    MessageAttributes: { traceparent: { DataType: 'String', StringValue: `00-${traceId}-${spanId}-01` } },
  }))

async function handler(this: unknown, batch: unknown, more: number) {
  return [this, batch, more, trace.getActiveSpan()?.spanContext().spanId]
}

describe('a batch handler that is wrapped', () => {
  test('runs in one span, without a parent, that links every message', async () => {
    const given = messages()
    const handle = traceBatch(handler, { ...traced.options, queueUrl })
    const result = await traced.around('poll', () => handle.call('this', given, 2))
    const [batch, ...others] = traced.named('process')
    expect(others).toEqual([])
    expect(result).toEqual(['this', given, 2, batch?.spanContext().spanId])
    expect(batch).toMatchObject({ name: 'process orders', parentSpanContext: undefined })
    expect(batch?.attributes['messaging.batch.message_count']).toBe(2)
    expect(batch?.links.map(({ context: { traceId, spanId } }) => ({ traceId, spanId }))).toEqual(creations)
    expect([handle.name, handle.length]).toEqual(['handler', 2])
  })

  test('fails as it does by itself', async () => {
    const error = new Error('no stock')
    const handle = traceBatch(() => Promise.reject(error), traced.options)
    await expect(handle(messages())).rejects.toBe(error)
    expect(traced.named('process').map(({ status }) => status.code)).toEqual([SpanStatusCode.ERROR])
  })

  test('makes attempts of the messages that it handles one by one, which link the batch', async () => {
    const handle = traceBatch(
      (batch: ReturnType<typeof messages>) => forEachMessage(batch, () => undefined, traced.options),
      traced.options,
    )
    await handle(messages())
    const [one, two, batch] = traced.named('process')
    for (const [index, attempt] of [one, two].entries()) {
      expect(attempt?.parentSpanContext).toMatchObject(creations[index]!)
      const roles = Object.fromEntries(
        attempt?.links.map(({ context, attributes }) => [attributes?.['tracebaton.link.role'], context.spanId]) ?? [],
      )
      expect(roles).toMatchObject({ batch: batch?.spanContext().spanId })
    }
  })

  test('is given back if it is traced already', () => {
    const one = traceBatchHandler(() => {}, traced.options)
    expect(traceBatch(one, traced.options)).toBe(one)
    const all = traceBatch(() => {}, traced.options)
    expect(traceBatch(all, traced.options)).toBe(all)
  })

  test.each([undefined, null, 'one', [], [null]])('gets what it is given: %j', (given) => {
    const handle = traceBatch((...args: unknown[]) => args, traced.options)
    expect(handle(given as never)).toEqual([given])
  })
})
