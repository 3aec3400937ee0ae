import { context, propagation } from '@opentelemetry/api'
import { expect } from 'vitest'
import { contextOn, expectChild, expectLinks, expectRoot, foreignContext, only, operations } from '../expectations.ts'
import type { Scenario } from '../scenario.ts'

/** How a consumer's span hangs on the message. */
export const relationScenarios: readonly Scenario[] = [
  {
    name: 'a sent message is handled in a child span that also links the send',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.inSpan('request', () => stage.send(client, destination, 'one'))
      const calls = await stage.handle(client, destination)
      const [attempt] = await calls.ended(1)

      const request = only(stage.recorder.spans.filter(({ name }) => name === 'request'))
      const send = only(stage.recorder.spans.filter(({ kind }) => kind === 'producer'))
      expectChild(send, request)
      expect(send.attributes['messaging.operation.type']).toBe('send')
      expect(contextOn(attempt!)).toMatchObject({ traceId: send.traceId, spanId: send.spanId, flags: '01' })
      expect(attempt!.span).toMatchObject({ kind: 'consumer', status: 'unset' })
      expect(attempt!.span.attributes).toMatchObject({
        'messaging.system.name': stage.fixture.system,
        'messaging.destination.name': destination,
        'messaging.operation.type': 'process',
      })
      expect(attempt!.span.attributes).not.toHaveProperty('tracebaton.context.status')
      expectChild(attempt!.span, send)
      expectLinks(attempt!.span, 'creation', [send])
    },
  },
  {
    name: 'a message sent outside of any span begins a trace',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.send(client, destination, 'one')
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      const send = only(operations(stage.recorder.spans, 'send', destination))
      expectRoot(send)
      expectChild(attempt!.span, send)
    },
  },
  {
    name: 'link mode gives a real root, with the link and with the baggage of the message',
    async run(stage) {
      const client = await stage.client({ relation: 'link' })
      const destination = await stage.destination()
      const creation = foreignContext()
      await stage.send(await stage.plain(), destination, 'one', {
        traceparent: creation.traceparent,
        baggage: 'customer=42',
      })
      const calls = await stage.inSpan('start-up', () => stage.handle(client, destination))
      const [attempt] = await calls.ended(1)
      expectRoot(attempt!.span)
      expect(attempt!.span.traceId).not.toBe(creation.traceId)
      expectLinks(attempt!.span, 'creation', [creation])
      expect(attempt!.baggage).toEqual({ customer: '42' })
      expect(attempt!.span.attributes['tracebaton.creation.trace_id']).toBe(creation.traceId)
      expect(attempt!.fields['messaging.origin_trace_id']).toBe(creation.traceId)
    },
  },
  {
    name: 'the producer may wish for link mode, and the consumer may know better',
    async run(stage) {
      const producer = await stage.client({ relation: 'link' })
      const [plainly, strictly] = [await stage.client(), await stage.client({ relation: 'child' })]
      const [first, second] = [await stage.destination(), await stage.destination()]
      await stage.send(producer, first, 'one')
      await stage.send(producer, second, 'two')
      const [linked] = await (await stage.handle(plainly, first)).ended(1)
      const [parented] = await (await stage.handle(strictly, second)).ended(1)
      expectRoot(linked!.span)
      expectLinks(linked!.span, 'creation', [contextOn(linked!)])
      expectChild(parented!.span, contextOn(parented!))
    },
  },
  {
    name: 'no message inherits the span, or the baggage, with which its consumer was started',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      const plain = await stage.plain()
      await stage.send(plain, destination, 'without a context')
      await stage.send(client, destination, 'with a context')
      const calls = await stage.inSpan('start-up', () => {
        const baggage = propagation.createBaggage({ phase: { value: 'start-up' } })
        return context.with(propagation.setBaggage(context.active(), baggage), () => stage.handle(client, destination))
      })
      const attempts = await calls.ended(2)
      for (const attempt of attempts) expect(attempt.baggage).toEqual({})
      const without = attempts.find(({ body }) => body === 'without a context')
      const having = attempts.find(({ body }) => body === 'with a context')
      expectRoot(without!.span)
      expect(without!.span.links).toEqual([])
      expectChild(having!.span, contextOn(having!))
      const startUp = only(stage.recorder.spans.filter(({ name }) => name === 'start-up'))
      for (const { span } of attempts) expect(span.traceId).not.toBe(startUp.traceId)
    },
  },
  {
    name: 'a message older than a trace may live starts another one, linked',
    needs: ['sentTime'],
    async run(stage) {
      const client = await stage.client({ maxTraceAge: -1 })
      const destination = await stage.destination()
      await stage.send(client, destination, 'one')
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      expectRoot(attempt!.span)
      expectLinks(attempt!.span, 'creation', [contextOn(attempt!)])
    },
  },
  {
    name: 'links are given at the start of a span, where samplers see them',
    async run(stage) {
      const atStart = new Map<string, number>()
      const client = await stage.client({
        hooks: {
          onProcess: (span) => {
            const open = stage.recorder.open.find(({ spanId }) => spanId === span.spanContext().spanId)
            atStart.set(span.spanContext().spanId, open?.links.length ?? 0)
          },
        },
      })
      const destination = await stage.destination()
      await stage.send(client, destination, 'one')
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      expect(atStart.get(attempt!.span.spanId)).toBe(1)
      expect(attempt!.span.links).toHaveLength(1)
    },
  },
]
