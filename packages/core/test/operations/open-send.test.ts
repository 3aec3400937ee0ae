import { context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api'
import { beforeAll, describe, expect, test } from 'vitest'
import { METRICS, OURS } from '../../src/base/names.ts'
import { createAdapterTracing } from '../../src/tracing.ts'
import { delivery, publication, TRACEPARENT } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

function begun(traced = createTraced(), call = publication()) {
  const send = traced.tracing.openSend(call)
  if (send === undefined) throw new Error('it has not begun')
  return { ...traced, send }
}

describe('a send that is answered by a callback', () => {
  test('runs in its span, which it writes, and which ends with the answer', () => {
    const { send, span, spans } = begun()
    const active = send.run(() => trace.getActiveSpan()?.spanContext().spanId)
    expect(send.injections.map((one) => one?.fields?.['traceparent'])).toEqual([
      expect.stringContaining(String(active)),
    ])
    expect(spans).toEqual([])
    send.end({ error: null })
    expect(span('send orders').spanContext().spanId).toBe(active)
    expect(span('send orders').status.code).toBe(SpanStatusCode.UNSET)
  })

  test('has failed with the error of the answer', async () => {
    const { send, span, counted } = begun()
    send.run(() => {})
    send.end({ error: new RangeError('no room') })
    expect(span('send orders').attributes['error.type']).toBe('RangeError')
    expect(await counted(METRICS.sent[0], { 'error.type': 'RangeError' })).toBe(1)
  })

  test('hears what the broker answered', () => {
    const answers: unknown[] = []
    const results = (answer: unknown) => {
      answers.push(answer)
      return { messages: [{ facts: { messageId: String(answer) } }] }
    }
    const { send, span } = begun(createTraced(), publication([{}], { results }))
    send.run(() => {})
    send.end({ error: null, value: '1796075423514-0' })
    expect(answers).toEqual(['1796075423514-0'])
    expect(span('send orders').attributes['messaging.message.id']).toBe('1796075423514-0')
  })

  test('has failed with what its call throws, which is thrown on', () => {
    const { send, span } = begun()
    const error = new RangeError('closed')
    expect(() =>
      send.run(() => {
        throw error
      }),
    ).toThrow(error)
    expect(span('send orders').attributes['error.type']).toBe('RangeError')
  })

  test('ends once', () => {
    const { send, spans } = begun()
    send.run(() => {})
    send.end(undefined)
    send.end({ error: new Error('late') })
    expect(spans).toHaveLength(1)
    expect(spans[0]?.status.code).toBe(SpanStatusCode.UNSET)
  })

  test('is neither sent nor failed if there is no answer', async () => {
    const { send, span, counted } = begun()
    send.run(() => {})
    send.end(undefined)
    expect(span('send orders').attributes[OURS.confirm]).toBe('unknown')
    expect(span('send orders').status.code).toBe(SpanStatusCode.UNSET)
    expect(await counted(METRICS.unconfirmed[0])).toBe(1)
    expect(await counted(METRICS.sent[0])).toBe(0)
    expect(await counted(METRICS.operationDuration[0])).toBe(0)
  })

  test('of the message being handled tells the attempt at once', () => {
    const traced = createTraced()
    const attempt = traced.tracing.open(delivery({ carrier: { traceparent: TRACEPARENT } }))
    attempt.run(() => {
      const { send } = begun(traced, publication([{ carrier: { traceparent: TRACEPARENT } }]))
      send.run(() => {})
      send.end({ error: null })
      attempt.settle('acked')
    })
    expect(traced.span('process orders').attributes[OURS.outcome]).toBe('retry_scheduled')
  })

  test('does not begin if there is nothing to do', () => {
    const idle = createAdapterTracing()
    expect(idle.openSend(publication())).toBeUndefined()
    const remote = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      traceFlags: 1,
    })
    expect(context.with(remote, () => idle.openSend(publication()))?.injections).toHaveLength(1)
  })
})
