import { context, propagation, SpanKind } from '@opentelemetry/api'
import { BasicTracerProvider, SamplingDecision, type Sampler } from '@opentelemetry/sdk-trace-base'
import { assertSpan } from '@tracebaton/testing'
import { expect } from 'vitest'
import { contextOn, foreignContext, only, operations } from '../expectations.ts'
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
      assertSpan(send, { parent: request, attributes: { 'messaging.operation.type': 'send' } })
      expect(contextOn(attempt!)).toMatchObject({ traceId: send.traceId, spanId: send.spanId, flags: '01' })
      assertSpan(attempt!.span, {
        kind: 'consumer',
        status: 'unset',
        parent: send,
        links: { creation: [send] },
        attributes: {
          'messaging.system.name': stage.fixture.system,
          'messaging.destination.name': destination,
          'messaging.operation.type': 'process',
          'tracebaton.context.status': undefined,
        },
      })
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
      assertSpan(send, { parent: 'none' })
      assertSpan(attempt!.span, { parent: send })
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
      assertSpan(attempt!.span, {
        parent: 'none',
        traceId: (traceId) => traceId !== creation.traceId,
        links: { creation: [creation] },
        attributes: { 'tracebaton.creation.trace_id': creation.traceId },
      })
      expect(attempt!.baggage).toEqual({ customer: '42' })
      expect(attempt!.fields['tracebaton.origin.trace_id']).toBe(creation.traceId)
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
      assertSpan(linked!.span, { parent: 'none', links: { creation: [contextOn(linked!)] } })
      assertSpan(parented!.span, { parent: contextOn(parented!) })
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
      assertSpan(without!.span, { parent: 'none', links: [] })
      assertSpan(having!.span, { parent: contextOn(having!) })
      const startUp = only(stage.recorder.spans.filter(({ name }) => name === 'start-up'))
      for (const { span } of attempts) assertSpan(span, { traceId: (traceId) => traceId !== startUp.traceId })
    },
  },
  {
    name: 'what a consumer asks its broker for is no part of the span that it was started in, which has ended',
    async run(stage) {
      const client = await stage.client({ spans: { settle: true } })
      const destination = await stage.destination()
      const calls = await stage.inSpan('start-up', () => stage.handle(client, destination))
      await stage.send(client, destination, 'later')
      await calls.ended(1)
      const startUp = only(stage.recorder.spans.filter(({ name }) => name === 'start-up'))
      expect(stage.recorder.spans.filter(({ traceId }) => traceId === startUp.traceId)).toEqual([startUp])
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
      assertSpan(attempt!.span, { parent: 'none', links: { creation: [contextOn(attempt!)] } })
    },
  },
  {
    name: 'links are given at the start of a span, where samplers see them',
    async run(stage) {
      const seen: number[] = []
      const sampler: Sampler = {
        shouldSample(...[, , , kind, , links]) {
          if (kind === SpanKind.CONSUMER) seen.push(links.length)
          return { decision: SamplingDecision.RECORD_AND_SAMPLED }
        },
        toString: () => 'noting',
      }
      const client = await stage.client({
        tracerProvider: new BasicTracerProvider({ sampler, spanProcessors: [stage.recorder] }),
      })
      const destination = await stage.destination()
      await stage.send(client, destination, 'one')
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      expect(seen).toEqual([1])
      assertSpan(attempt!.span, { links: (links) => links.length === 1 })
    },
  },
]
