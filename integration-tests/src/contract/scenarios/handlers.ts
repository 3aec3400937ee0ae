import { context, trace } from '@opentelemetry/api'
import { assertNoSecrets, assertSpan, assertSpans } from '@tracebaton/testing'
import { expect } from 'vitest'
import { contextOn, only, operations } from '../expectations.ts'
import { OrderError } from '../order-error.ts'
import type { Scenario } from '../scenario.ts'
import { turns } from '../turns.ts'

interface Failure {
  readonly fail: () => unknown
  /** The `error.type` of the span. */
  readonly type: string
}

const FAILURES: Readonly<Record<string, Failure>> = {
  'throws at once': {
    fail: () => {
      throw new OrderError('no stock')
    },
    type: 'OrderError',
  },
  'rejects later': {
    fail: async () => {
      await turns(3)
      throw new OrderError('no stock')
    },
    type: 'OrderError',
  },
  'throws null': {
    fail: () => {
      throw null
    },
    type: '_OTHER',
  },
  'rejects with undefined': { fail: () => Promise.reject(undefined), type: '_OTHER' },
  'throws a text': {
    fail: () => {
      throw 'no stock'
    },
    type: 'string',
  },
}

/** What a handler does, and what becomes of its span. */
export const handlerScenarios: readonly Scenario[] = [
  ...Object.entries(FAILURES).map(failingHandler),
  {
    name: 'a handler’s promise is awaited: its span is open until the work is done',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.send(client, destination, 'one')
      const openAtTheEnd: boolean[] = []
      const calls = await stage.handle(client, destination, async (_, call) => {
        await turns(5)
        openAtTheEnd.push(stage.recorder.open.some(({ spanId }) => spanId === call.active?.spanId))
      })
      await calls.ended(1)
      expect(openAtTheEnd).toEqual([true])
    },
  },
  {
    name: 'what a handler does is a child of its attempt, and so is what it sends',
    async run(stage) {
      const client = await stage.client()
      const [orders, invoices] = [await stage.destination(), await stage.destination()]
      await stage.send(client, orders, 'order')
      const calls = await stage.handle(client, orders, async () => {
        await stage.inSpan('query', () => turns(2))
        await stage.send(client, invoices, 'invoice')
      })
      const [attempt] = await calls.ended(1)
      assertSpan(only(stage.recorder.spans.filter(({ name }) => name === 'query')), { parent: attempt!.span })
      const send = only(operations(stage.recorder.spans, 'send', invoices))
      assertSpan(send, { parent: attempt!.span })
      const [invoice] = await (await stage.handle(client, invoices)).ended(1)
      expect(contextOn(invoice!).spanId).toBe(send.spanId)
      assertSpan(invoice!.span, { traceId: attempt!.span.traceId, attributes: { 'tracebaton.delivery.attempt': 1 } })
    },
  },
  {
    name: 'after a handler the active context is what it was before, even when it failed',
    needs: ['batchHandling'],
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.send(client, destination, 'one')
      await stage.send(client, destination, 'two')
      const outside: boolean[] = []
      const calls = await stage.handleBatches(client, destination, async (batch, handled) => {
        const before = context.active()
        const handle = batch.traceHandler(async (message) => {
          handled.note(message)
          await turns(2)
          if (message.body === 'one') throw new OrderError('no stock')
        })
        for (const message of batch.messages) {
          const settled = handle(message)
          outside.push(context.active() === before)
          await settled.catch(() => {})
          outside.push(context.active() === before)
        }
      })
      await calls.ended(2)
      expect(new Set(outside)).toEqual(new Set([true]))
    },
  },
  {
    name: 'a context without a sampled flag is passed on all the same, and handled unsampled',
    provokes: ['sampling-consistent'],
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      const above = stage.tracing().from({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00` })
      await context.with(above, () => stage.send(client, destination, 'one'))
      const calls = await stage.handle(client, destination)
      const [call] = await calls.begun(1)
      expect(contextOn(call!)).toMatchObject({ traceId: 'a'.repeat(32), flags: '00' })
      expect(call!.active).toMatchObject({ traceId: 'a'.repeat(32), traceFlags: 0 })
      assertSpans(operations(stage.recorder.spans, 'send', destination), [])
      assertSpans(operations(stage.recorder.spans, 'process', destination), [])
      expect(await stage.metering.counted('messaging.client.sent.messages')).toBe(1)
    },
  },
  {
    name: 'without an SDK a context passes from the message to the handler and to what it sends',
    async run(stage) {
      const { fixture } = stage
      const [first, second] = [await stage.destination(), await stage.destination()]
      const plain = await stage.plain()
      const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, baggage: 'customer=42' }
      await stage.send(plain, first, 'one', headers)
      const bare = await stage.client({ tracerProvider: trace.getTracerProvider(), relation: 'link' })
      const calls = await stage.handle(bare, first, () => bare.send(second, fixture.message('two')))
      const [call] = await calls.begun(1)
      expect(call!.active).toMatchObject({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) })
      const [message] = await stage.read(second, 1)
      expect(contextOn(message!)).toMatchObject({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: '01' })
      assertSpans(stage.recorder.spans, [])
    },
  },
  {
    name: 'spans say nothing of what is in a message',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.send(client, destination, 'a secret', { token: 'another secret' })
      await (await stage.handle(client, destination)).ended(1)
      assertNoSecrets(stage.recorder, { secrets: ['secret'] })
    },
  },
]

function failingHandler([what, { fail, type }]: readonly [string, Failure]): Scenario {
  return {
    name: `a handler that ${what} ends its span as an error, and the broker gets to know`,
    needs: ['redelivery'],
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.send(client, destination, 'one')
      let failed = false
      const calls = await stage.handle(client, destination, () => {
        if (failed) return undefined
        failed = true
        return fail()
      })
      const [first, second] = await calls.ended(2)
      assertSpan(first!.span, { status: 'error', errorType: type, outcome: 'requeued' })
      assertSpan(second!.span, { status: 'unset', errorType: undefined, outcome: 'acked' })
      expect(second!.body).toBe('one')
    },
  }
}
