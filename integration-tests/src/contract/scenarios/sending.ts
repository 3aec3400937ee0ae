import { context, propagation, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { assertSpan } from '@tracebaton/testing'
import { expect } from 'vitest'
import { contextOn, foreignContext, headerOf, only, operations } from '../expectations.ts'
import type { Scenario } from '../scenario.ts'
import { deepFreeze } from '../deep-freeze.ts'

/** What names a message, or its place: only the broker's answer tells it to the sender. */
const PLACES = new Set([
  'messaging.message.id',
  'messaging.destination.partition.id',
  'messaging.kafka.offset',
  'kafka.offset',
])

const bodies = (count: number): string[] => Array.from({ length: count }, (_, index) => `message ${index}`)

/** What becomes of the caller's input, and what goes onto the wire. */
export const sendingScenarios: readonly Scenario[] = [
  {
    name: 'a frozen message is sent, and stays as it is',
    needs: ['headersOnSend'],
    async run(stage) {
      const { fixture } = stage
      const client = await stage.client()
      const destination = await stage.destination()
      const input = fixture.message('frozen', fixture.headers({ region: 'north' }))
      const before = structuredClone(input)
      await client.send(destination, deepFreeze(input))
      expect(input).toEqual(before)
      const message = only(await stage.read(destination, 1))
      contextOn(message)
      expect(headerOf(message, 'region')).toEqual(['north'])
    },
  },
  {
    name: 'frozen messages are sent together, and stay as they are',
    needs: ['batchSend'],
    async run(stage) {
      const { fixture } = stage
      const client = await stage.client()
      const destination = await stage.destination()
      const inputs = bodies(3).map((body) => fixture.message(body))
      const before = structuredClone(inputs)
      await client.sendBatch(destination, deepFreeze(inputs))
      expect(inputs).toEqual(before)
      for (const message of await stage.read(destination, 3)) contextOn(message)
    },
  },
  {
    name: 'messages that share one bag of headers leave with a context each',
    needs: ['batchSend', 'contextPerMessage'],
    async run(stage) {
      const { fixture } = stage
      const client = await stage.client()
      const destination = await stage.destination()
      const bag = fixture.headers({ region: 'north' })
      await client.sendBatch(
        destination,
        bodies(3).map((body) => fixture.message(body, bag)),
      )
      const messages = await stage.read(destination, 3)
      const creates = operations(stage.recorder.spans, 'create', destination)
      expect(messages.map((message) => contextOn(message).spanId).toSorted()).toEqual(
        creates.map(({ spanId }) => spanId).toSorted(),
      )
      expect(new Set(creates.map(({ spanId }) => spanId)).size).toBe(3)
      for (const message of messages) expect(headerOf(message, 'region')).toEqual(['north'])
    },
  },
  {
    name: 'an input that is sent again carries the context of each send',
    async run(stage) {
      const { fixture } = stage
      const client = await stage.client()
      const destination = await stage.destination()
      const input = fixture.message('again', fixture.headers({ region: 'north' }))
      await client.send(destination, input)
      await client.send(destination, input)
      const messages = await stage.read(destination, 2)
      expect(messages.map((message) => contextOn(message).spanId).toSorted()).toEqual(
        operations(stage.recorder.spans, 'send', destination)
          .map(({ spanId }) => spanId)
          .toSorted(),
      )
    },
  },
  {
    name: 'a send tells where its message stands, as the attempt does',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.send(client, destination, 'one')
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      const places = Object.entries(attempt!.span.attributes).filter(([name]) => PLACES.has(name))
      expect(places).not.toEqual([])
      const send = only(operations(stage.recorder.spans, 'send', destination))
      assertSpan(send, { attributes: Object.fromEntries(places) as Record<string, string | number> })
    },
  },
  {
    name: 'several messages of one call have a span each, and the call links them',
    needs: ['batchSend', 'contextPerMessage'],
    async run(stage) {
      const { fixture } = stage
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.inSpan('request', () =>
        client.sendBatch(
          destination,
          bodies(3).map((body) => fixture.message(body)),
        ),
      )
      const attempts = await (await stage.handle(client, destination)).ended(3)
      const creates = operations(stage.recorder.spans, 'create', destination)
      const send = only(operations(stage.recorder.spans, 'send', destination))
      const request = only(stage.recorder.spans.filter(({ name }) => name === 'request'))
      assertSpan(send, {
        kind: 'client',
        attributes: { 'messaging.batch.message_count': 3 },
        links: { message: creates },
      })
      expect(creates).toHaveLength(3)
      for (const create of creates) {
        assertSpan(create, { kind: 'producer', parent: request })
      }
      for (const attempt of attempts) {
        assertSpan(attempt.span, { parent: only(creates.filter(({ spanId }) => spanId === contextOn(attempt).spanId)) })
      }
    },
  },
  {
    name: 'more messages than the option says share the context of their call',
    needs: ['batchSend'],
    async run(stage) {
      const client = await stage.client({ spanPerMessageUpTo: 2 })
      const destination = await stage.destination()
      await client.sendBatch(
        destination,
        bodies(3).map((body) => stage.fixture.message(body)),
      )
      const send = only(stage.recorder.spans.filter(({ kind }) => kind === 'producer'))
      assertSpan(send, { attributes: { 'messaging.operation.type': 'send', 'messaging.batch.message_count': 3 } })
      for (const message of await stage.read(destination, 3)) {
        expect(contextOn(message)).toMatchObject({ traceId: send.traceId, spanId: send.spanId })
      }
    },
  },
  {
    name: 'the context of somebody else’s message is kept, and linked',
    needs: ['headersOnSend'],
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      const creation = foreignContext()
      const headers = { traceparent: creation.traceparent, tracestate: 'vendor=1', baggage: 'customer=42' }
      await stage.inSpan('relay', () => stage.send(client, destination, 'outbox', headers))
      const message = only(await stage.read(destination, 1))
      for (const [name, value] of Object.entries(headers)) expect(headerOf(message, name)).toEqual([value])
      const send = only(operations(stage.recorder.spans, 'send', destination))
      assertSpan(send, {
        kind: 'client',
        parent: only(stage.recorder.spans.filter(({ name }) => name === 'relay')),
        links: { creation: [creation] },
      })
    },
  },
  {
    name: 'a context written by hand from the active span is replaced, with all that stands beside it',
    needs: ['headersOnSend'],
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.inSpan('request', () => {
        const carrier: Record<string, string> = {}
        new W3CTraceContextPropagator().inject(context.active(), carrier, {
          set: (bag, key, value) => {
            bag[key === 'traceparent' ? 'TraceParent' : key] = value
          },
        })
        return stage.send(client, destination, 'one', { ...carrier, tracestate: 'of=another', region: 'north' })
      })
      const message = only(await stage.read(destination, 1))
      const send = only(operations(stage.recorder.spans, 'send', destination))
      assertSpan(send, { kind: 'producer', links: [] })
      expect(contextOn(message)).toMatchObject({ traceId: send.traceId, spanId: send.spanId })
      expect(headerOf(message, 'tracestate')).toEqual([])
      expect(headerOf(message, 'region')).toEqual(['north'])
    },
  },
  {
    name: 'a message in the middle of a trace passes on its tracestate and its baggage',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      const tracing = stage.tracing()
      const above = tracing.from({
        traceparent: foreignContext().traceparent,
        tracestate: '1key=a',
        baggage: 'customer=42',
      })
      await context.with(above, () => stage.send(client, destination, 'one'))
      const message = only(await stage.read(destination, 1))
      expect(headerOf(message, 'tracestate')).toEqual(['1key=a'])
      expect(headerOf(message, 'baggage')).toEqual(['customer=42'])
    },
  },
  {
    name: 'what is captured for an outbox is the parent of the later send',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      const tracing = stage.tracing()
      const record = await stage.inSpan('request', async () => JSON.stringify(tracing.capture()))
      await context.with(tracing.from(JSON.parse(record) as Record<string, string>), () =>
        stage.send(client, destination, 'one'),
      )
      const request = only(stage.recorder.spans.filter(({ name }) => name === 'request'))
      assertSpan(only(operations(stage.recorder.spans, 'send', destination)), { parent: request })
    },
  },
  {
    name: 'the caller’s other headers keep their values, their repeats and their bytes',
    needs: ['repeatedHeaders', 'binaryHeaders'],
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      const headers = { tags: ['red', Buffer.from('blue')], region: Buffer.from('north'), plain: 'text' }
      await stage.send(client, destination, 'one', headers)
      const message = only(await stage.read(destination, 1))
      contextOn(message)
      expect(headerOf(message, 'tags')).toEqual(['red', 'blue'])
      expect(headerOf(message, 'region')).toEqual(['north'])
      expect(headerOf(message, 'plain')).toEqual(['text'])
    },
  },
  {
    name: 'a message full of headers keeps them all beside the context',
    needs: ['manyHeaders'],
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      const headers = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`h${index}`, String(index)]))
      await stage.send(client, destination, 'one', headers)
      const message = only(await stage.read(destination, 1))
      contextOn(message)
      for (const [name, value] of Object.entries(headers)) expect(headerOf(message, name)).toEqual([value])
    },
  },
  {
    name: 'sending changes nothing about the active context, at once and afterwards',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.inSpan('request', async (span) => {
        const before = context.active()
        const sent = client.send(destination, stage.fixture.message('one'))
        expect(context.active()).toBe(before)
        await sent
        expect(context.active()).toBe(before)
        expect(trace.getActiveSpan()).toBe(span)
        expect(propagation.getActiveBaggage()).toBeUndefined()
      })
    },
  },
]
