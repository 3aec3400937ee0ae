import {
  context as contexts,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Link,
} from '@opentelemetry/api'
import { SamplingDecision } from '@opentelemetry/sdk-trace-base'
import { beforeAll, expect, test } from 'vitest'
import { METRICS, OURS } from '../../src/base/names.ts'
import type { Reception } from '../../src/operations/receive.ts'
import { CREATION, delivery, SPAN, TRACE } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

const STARTED_AT = 1_732_145_000_000

function reception(part: Partial<Reception> = {}): Reception {
  const destination = { name: 'orders' }
  return { system: 'aws.sqs', operation: 'receive', destination, batch: true, startedAt: STARTED_AT, ...part }
}

test('a receive span begins when the call began, and starts with the links to its messages', () => {
  const seen: Link[][] = []
  const traced = createTraced(
    {},
    {
      shouldSample: (_context, _traceId, _name, _kind, _attributes, links) => {
        seen.push(links)
        return { decision: SamplingDecision.RECORD_AND_SAMPLED }
      },
      toString: () => 'seeing',
    },
  )
  const facts = { messageId: 'm-1', queueUrl: 'url' }
  traced.tracing.receive(reception({ facts: { queueUrl: 'url', requestId: 'r-1' } }), [delivery({ facts })])
  const span = traced.span('receive orders')
  expect(span.kind).toBe(SpanKind.CLIENT)
  expect(span.startTime[0] * 1000 + span.startTime[1] / 1e6).toBe(STARTED_AT)
  expect(seen[0]).toHaveLength(1)
  expect(span.links[0]?.context.spanId).toBe(SPAN)
  expect(span.links[0]?.attributes).toEqual({ [OURS.linkRole]: 'creation', 'messaging.message.id': 'm-1' })
  expect(span.attributes).toMatchObject({
    'messaging.system.name': 'aws.sqs',
    'messaging.system': 'aws_sqs',
    'messaging.operation.type': 'receive',
    'messaging.batch.message_count': 1,
    'aws.sqs.queue.url': 'url',
    'aws.request_id': 'r-1',
  })
})

test('it is below the active span, because the application asked', () => {
  const traced = createTraced()
  const active = trace.setSpanContext(ROOT_CONTEXT, CREATION)
  contexts.with(active, () => traced.tracing.receive(reception(), [delivery({ carrier: {} })]))
  expect(traced.span('receive orders').parentSpanContext?.spanId).toBe(SPAN)
  expect(traced.span('receive orders').spanContext().traceId).toBe(TRACE)
})

test('a call that gives one message has that message on the span', () => {
  const traced = createTraced()
  traced.tracing.receive(reception({ batch: false }), [delivery({ facts: { messageId: 'm-1' } })])
  const { attributes } = traced.span('receive orders')
  expect(attributes['messaging.message.id']).toBe('m-1')
  expect(attributes).not.toHaveProperty(['messaging.batch.message_count'])
})

test('a call that brought nothing makes no span, but is timed', async () => {
  const traced = createTraced()
  traced.tracing.receive(reception(), [])
  expect(traced.ledger.started()).toBe(0)
  expect(await traced.counted(METRICS.operationDuration[0])).toBe(1)
  expect(await traced.counted(METRICS.consumed[0])).toBe(0)
})

test('a call that brought nothing makes a span where the option asks for it', () => {
  const traced = createTraced({ spans: { emptyReceive: true } })
  traced.tracing.receive(reception(), [])
  expect(traced.span('receive orders').attributes['messaging.batch.message_count']).toBe(0)
})

test('messages are counted when they are received, and not again when they are handled', async () => {
  const traced = createTraced()
  const received = delivery({ received: true })
  traced.tracing.receive(reception(), [received])
  traced.tracing.process(received, () => {})
  expect(await traced.counted(METRICS.consumed[0])).toBe(1)
})

test('the hook is given the span and the messages', () => {
  const traced = createTraced({
    hooks: { onReceive: (span, deliveries) => void span.setAttribute('shop.messages', deliveries.length) },
  })
  traced.tracing.receive(reception(), [delivery(), delivery()])
  expect(traced.span('receive orders').attributes['shop.messages']).toBe(2)
})

test('a call that failed is an ERROR span without a message count, although it brought nothing', () => {
  const traced = createTraced()
  const error = new TypeError('no such queue')
  traced.tracing.receive(reception({ error }), [])
  const span = traced.span('receive orders')
  expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no such queue' })
  expect(span.attributes['error.type']).toBe('TypeError')
  expect(span.attributes).not.toHaveProperty('messaging.batch.message_count')
})

test('it is below no span that has ended, because a loop that was begun inside of it polls for ever', () => {
  const traced = createTraced()
  const boot = traced.ledger.provider.getTracer('test').startSpan('boot')
  const active = propagation.setBaggage(trace.setSpan(ROOT_CONTEXT, boot), propagation.createBaggage())
  boot.end()
  contexts.with(active, () => traced.tracing.receive(reception(), [delivery({ carrier: {} })]))
  const span = traced.span('receive orders')
  expect(span.parentSpanContext).toBeUndefined()
  expect(span.spanContext().traceId).not.toBe(boot.spanContext().traceId)
})
