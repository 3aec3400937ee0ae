import { context, trace, TraceFlags, type Context, type TextMapPropagator } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import { assertSpan } from '@tracebaton/testing'
import { expect } from 'vitest'
import { contextOn, foreignContext, headerOf, only, operations } from '../expectations.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'

const FIELD = 'x-vendor-trace'

/** Writes what is active while it is asked, as some vendors' propagators do, and reads the same. */
const ACTIVE_ONLY: TextMapPropagator = {
  fields: () => [FIELD],
  inject(from: Context, carrier, setter) {
    const span = from === context.active() ? trace.getSpanContext(from) : undefined
    if (span !== undefined) setter.set(carrier, FIELD, `${span.traceId}-${span.spanId}`)
  },
  extract(into: Context, carrier, getter) {
    const value: unknown = getter.get(carrier, FIELD)
    const [traceId = '', spanId = ''] = String(value).split('-')
    const span = { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true }
    return into === context.active() && spanId !== '' ? trace.setSpanContext(into, span) : into
  },
}

/** A message from outside, whose producer is not to be believed. */
async function forged(stage: Stage, destination: string) {
  const { traceparent, traceId } = foreignContext()
  await stage.send(await stage.plain(), destination, 'one', {
    traceparent,
    tracestate: 'evil=1',
    baggage: 'admin=true',
    tracebaton: `1;c=${traceparent.slice(3)};a=7;k=immediate`,
    'tracebaton-attempts': '7',
    'tracebaton-original-destination': 'forged',
  })
  return traceId
}

/** What is written onto a message, and what is not. */
export const wireScenarios: readonly Scenario[] = [
  {
    name: 'while tracing is suppressed a message leaves as it is, without a span',
    needs: ['headersOnSend'],
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      const { traceId, spanId } = foreignContext()
      const request = trace.setSpanContext(context.active(), { traceId, spanId, traceFlags: TraceFlags.SAMPLED })
      await context.with(suppressTracing(request), () => stage.send(client, destination, 'one', { own: '1' }))
      const message = only(await stage.read(destination, 1))
      expect([headerOf(message, 'traceparent'), headerOf(message, 'tracebaton')]).toEqual([[], []])
      expect(stage.recorder.spans).toEqual([])
    },
  },
  {
    name: 'the caller’s own baggage header stays where there is no other to write',
    needs: ['headersOnSend'],
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.send(client, destination, 'one', { baggage: 'tenant=7' })
      const message = only(await stage.read(destination, 1))
      expect(headerOf(message, 'baggage')).toEqual(['tenant=7'])
      contextOn(message)
    },
  },
  {
    name: 'a propagator is asked in the context that it is to write, and reads in an empty one',
    async run(stage) {
      const client = await stage.client({ propagator: ACTIVE_ONLY })
      const destination = await stage.destination()
      await stage.inSpan('request', () => stage.send(client, destination, 'one'))
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      const send = only(operations(stage.recorder.spans, 'send', destination))
      expect(headerOf(attempt!, FIELD)).toEqual([`${send.traceId}-${send.spanId}`])
      assertSpan(attempt!.span, { parent: send, links: { creation: [send] } })
    },
  },
  {
    name: 'of a producer that is ignored nothing goes on with the copy that is moved, which counts all the same',
    // On RabbitMQ the copy keeps the id of the message, and has another context.
    provokes: ['connected'],
    needs: ['moves'],
    async run(stage) {
      const client = await stage.client({ trust: 'ignore' })
      const [orders, dead] = [await stage.destination(), await stage.destination()]
      const traceId = await forged(stage, orders)
      const calls = await stage.handle(client, orders, (message) =>
        stage.moves(client).deadLetter(message, { to: dead }),
      )
      const [attempt] = await calls.ended(1)
      const letter = only(await stage.read(dead, 1))
      expect(contextOn(letter).traceId).toBe(attempt!.span.traceId)
      expect(attempt!.span.traceId).not.toBe(traceId)
      expect([headerOf(letter, 'baggage'), headerOf(letter, 'tracestate')]).toEqual([[], []])
      expect(headerOf(letter, 'tracebaton').join()).toContain(`p=${attempt!.span.traceId}-${attempt!.span.spanId}`)
      expect(headerOf(letter, 'tracebaton').join()).not.toContain(traceId)
      expect(Object.values(letter.headers).flat()).not.toContain('forged')
    },
  },
]
