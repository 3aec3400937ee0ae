import { context, trace } from '@opentelemetry/api'
import { logFields } from '@tracebaton/core'
import { assertSpan, assertSpans } from '@tracebaton/testing'
import { expect } from 'vitest'
import type { Call } from '../attempt.ts'
import { contextOn } from '../expectations.ts'
import type { Scenario } from '../scenario.ts'
import { turns } from '../turns.ts'

const MESSAGES = 200

/** Several messages at a time. */
export const concurrencyScenarios: readonly Scenario[] = [
  {
    name: 'two hundred interleaved messages: every log line is written in the trace of its own message',
    needs: ['batchSend', 'contextPerMessage', 'concurrentHandling'],
    varies: 'A broker that delivers at least once may deliver some of so many messages twice.',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination(8)
      const bodies = Array.from({ length: MESSAGES }, (_, index) => `message ${index}`)
      for (let index = 0; index < MESSAGES; index += 10) {
        const inputs = bodies.slice(index, index + 10).map((body) => stage.fixture.message(body))
        await client.sendBatch(destination, inputs)
      }

      const lines: { readonly call: Call; readonly traceId: unknown; readonly spanId: unknown }[] = []
      const log = (call: Call): void => {
        const { trace_id: traceId, span_id: spanId } = logFields()
        lines.push({ call, traceId, spanId })
      }
      let running = 0
      let most = 0
      const calls = await stage.handle(
        client,
        destination,
        async (_, call) => {
          most = Math.max(most, ++running)
          log(call)
          await turns(Math.ceil(Math.random() * 5))
          log(call)
          await Promise.all([turns(1).then(() => log(call)), stage.inSpan('query', () => turns(1))])
          log(call)
          running -= 1
        },
        8,
      )
      // A broker that promises every message at least once may deliver some of them twice.
      let attempts = await calls.ended(MESSAGES)
      for (let missing; (missing = MESSAGES - new Set(attempts.map(({ body }) => body)).size) > 0;) {
        attempts = await calls.ended(attempts.length + missing)
      }
      await stage.close()

      expect(most).toBeGreaterThan(1)
      expect(new Set(attempts.map((attempt) => contextOn(attempt).traceId)).size).toBe(MESSAGES)
      for (const attempt of attempts) assertSpan(attempt.span, { parent: contextOn(attempt) })
      expect(lines).toHaveLength(calls.all.length * 4)
      for (const { call, ...ids } of lines) {
        expect(ids).toEqual({ traceId: contextOn(call).traceId, spanId: call.active?.spanId })
      }
      const queries = stage.recorder.spans.filter(({ name }) => name === 'query')
      for (const { active } of calls.all) {
        assertSpans(
          queries.filter(({ parentSpanId }) => parentSpanId === active?.spanId),
          [{ parent: active! }],
        )
      }
    },
  },
  {
    name: 'a log line tells the message, its attempt and its destination',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.send(client, destination, 'one')
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      const { span, fields } = attempt!
      expect(fields).toMatchObject({
        trace_id: span.traceId,
        span_id: span.spanId,
        trace_flags: '01',
        'messaging.destination.name': destination,
        'tracebaton.delivery.attempt': 1,
      })
      assertSpan(span, { attributes: { 'messaging.message.id': fields['messaging.message.id'] } })
      expect(fields).not.toHaveProperty(['tracebaton.origin.trace_id'])
      expect(trace.getSpan(context.active())).toBeUndefined()
      expect(logFields()).toEqual({})
    },
  },
]
