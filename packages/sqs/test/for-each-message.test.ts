import { SpanStatusCode, trace } from '@opentelemetry/api'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { forEachMessage } from '../src/consumer.ts'
import { useContexts } from '../../core/test/contexts.ts'
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
})
