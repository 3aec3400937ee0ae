import { assertSpan, assertSpans } from '@tracebaton/testing'
import { expect } from 'vitest'
import type { Attempt } from '../attempt.ts'
import { copied } from '../copied.ts'
import { deferred } from '../deferred.ts'
import { contextOn, foreignContext, headerOf, historyOn, only, operations } from '../expectations.ts'
import { OrderError } from '../order-error.ts'
import type { Scenario } from '../scenario.ts'

/** Expects the attempts of a message to be numbered like this. */
function expectNumbers(attempts: readonly Attempt[], numbers: readonly number[]): void {
  assertSpans(
    attempts.map(({ span }) => span),
    numbers.map((attempt) => ({ attempt })),
  )
}

/** What a message has been through. */
export const attemptScenarios: readonly Scenario[] = [
  {
    name: 'the attempts of a message are siblings below its send, numbered, each linking the one before',
    needs: ['redelivery'],
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.send(client, destination, 'one')
      const calls = await stage.handle(client, destination, (_, { number }) => {
        if (number < 3) throw new OrderError('no stock')
      })
      const attempts = await calls.ended(3)
      expectNumbers(attempts, [1, 2, 3])
      attempts.forEach((attempt, index) => {
        const before = attempts[index - 1]
        assertSpan(attempt.span, {
          parent: contextOn(attempts[0]!),
          links: { previous_attempt: before === undefined ? [] : [before.span], creation: [contextOn(attempts[0]!)] },
        })
        expect(attempt.headers).toEqual(attempts[0]!.headers)
        assertSpan(attempt.span, {
          deliveryKind: before === undefined ? 'first' : 'redelivery',
          links: (links) => links.at(-1)?.role === 'creation',
        })
        expect(attempt.fields['tracebaton.delivery.attempt']).toBe(index + 1)
      })
    },
  },
  {
    name: 'a message without a context keeps count of its attempts too, and links them',
    needs: ['redelivery'],
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.send(await stage.plain(), destination, 'one')
      const calls = await stage.handle(client, destination, (_, { number }) => {
        if (number < 2) throw new OrderError('no stock')
      })
      const attempts = await calls.ended(2)
      expectNumbers(attempts, [1, 2])
      for (const { span } of attempts) assertSpan(span, { parent: 'none' })
      assertSpan(attempts[1]!.span, { links: { previous_attempt: [attempts[0]!.span] } })
    },
  },
  {
    name: 'attempts without tracing are counted by the broker, and the one before is unknown',
    needs: ['redelivery', 'exactDeliveryCount'],
    varies: 'How often the message is delivered until its first consumer stops is up to time.',
    async run(stage) {
      const [client, plain] = [await stage.client(), await stage.plain()]
      const destination = await stage.destination()
      await stage.send(client, destination, 'one')
      let untraced = 0
      const begun = deferred()
      const consumer = await plain.consume(destination, () => {
        untraced += 1
        begun.resolve()
        throw new OrderError('no stock')
      })
      await begun.promise
      await consumer[Symbol.asyncDispose]()
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      assertSpan(attempt!.span, {
        attempt: untraced + 1,
        attemptSource: 'broker',
        previousAttempt: 'unknown',
        links: { previous_attempt: [], creation: [contextOn(attempt!)] },
      })
    },
  },
  {
    name: 'what a message says of its history is said by its attempt',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      const [creation, previous] = [foreignContext(), foreignContext()]
      const ids = ({ traceparent }: typeof creation): string => traceparent.slice(3)
      await stage.send(await stage.plain(), destination, 'one', {
        traceparent: creation.traceparent,
        tracebaton: `1;c=${ids(creation)};a=3;m=5;f=${(Date.now() - 5000).toString(36)};p=${ids(previous)};k=delayed;n=1;z=unknown`,
      })
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      const { span } = attempt!
      assertSpan(span, {
        parent: creation,
        links: { previous_attempt: [previous] },
        attributes: {
          'tracebaton.delivery.attempt': 3,
          'tracebaton.delivery.max_attempts': 5,
          'tracebaton.delivery.kind': 'delayed',
          'tracebaton.delivery.redrives': 1,
          'tracebaton.delivery.attempt_source': 'field',
        },
        queueAge: (age) => age! >= 4,
      })
    },
  },
  {
    name: 'clocks that disagree give no negative times',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      const creation = foreignContext()
      const ahead = Date.now() + 3_600_000
      await stage.send(await stage.plain(), destination, 'one', {
        traceparent: creation.traceparent,
        tracebaton: `1;c=${creation.traceparent.slice(3)};f=${ahead.toString(36)};d=${(3_600_000).toString(36)}`,
      })
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      assertSpan(attempt!.span, { queueAge: 0, queueTime: (time) => (time ?? 0) === 0 })
    },
  },
  {
    name: 'a message that its handler sends back is the same message: one context, the next attempt, linked',
    needs: ['headersOnSend'],
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.inSpan('request', () => stage.send(client, destination, 'one'))
      const calls = await stage.handle(client, destination, async (message, { body, number }) => {
        if (number < 3) await stage.send(client, destination, body, copied(message))
      })
      const attempts = await calls.ended(3)
      const creation = contextOn(attempts[0]!)
      expectNumbers(attempts, [1, 2, 3])
      attempts.forEach((attempt, index) => {
        expect(contextOn(attempt)).toEqual(creation)
        expect(headerOf(attempt, 'tracebaton').length).toBeLessThanOrEqual(1)
        expect(historyOn(attempt)).toHaveLength(index === 0 ? 0 : 1)
        assertSpan(attempt.span, {
          parent: creation,
          deliveryKind: index === 0 ? 'first' : 'immediate',
          links: { previous_attempt: index === 0 ? [] : [attempts[index - 1]!.span] },
        })
      })
      const moves = operations(stage.recorder.spans, 'send', destination).filter(({ kind }) => kind === 'client')
      expect(moves).toHaveLength(2)
      for (const move of moves) {
        assertSpan(move, {
          parent: only(attempts.filter(({ span }) => span.spanId === move.parentSpanId)).span,
          links: { creation: [creation] },
        })
      }
    },
  },
  {
    name: 'headers copied onto a message for another destination make a new message, linked to the old one',
    needs: ['headersOnSend'],
    async run(stage) {
      const client = await stage.client()
      const [orders, invoices] = [await stage.destination(), await stage.destination()]
      await stage.send(client, orders, 'order')
      const calls = await stage.handle(client, orders, (message) =>
        stage.send(client, invoices, 'invoice', copied(message)),
      )
      const [order] = await calls.ended(1)
      const [invoice] = await (await stage.handle(client, invoices)).ended(1)
      const forward = only(operations(stage.recorder.spans, 'send', invoices))
      assertSpan(forward, { kind: 'producer', parent: order!.span, links: { message: [contextOn(order!)] } })
      expect(contextOn(invoice!).spanId).toBe(forward.spanId)
      expect(historyOn(invoice!)).toEqual([])
      assertSpan(invoice!.span, { parent: forward, attempt: 1, links: { previous_attempt: [] } })
    },
  },
  {
    name: 'a dead letter begins a trace, linked to the last attempt and to the send, and counts from one',
    needs: ['headersOnSend'],
    async run(stage) {
      const client = await stage.client({ republish: () => 'dead_letter' })
      const [orders, dead] = [await stage.destination(), await stage.destination()]
      await stage.send(client, orders, 'poison')
      const calls = await stage.handle(client, orders, (message) =>
        stage.send(client, dead, message.body, copied(message)),
      )
      const [attempt] = await calls.ended(1)
      const [letter] = await (await stage.handle(client, dead)).ended(1)
      const creation = contextOn(attempt!)
      expect(contextOn(letter!)).toEqual(creation)
      assertSpan(letter!.span, {
        parent: 'none',
        attempt: 1,
        deliveryKind: 'dead_letter',
        links: { previous_attempt: [attempt!.span], creation: [creation] },
        attributes: { 'tracebaton.creation.trace_id': creation.traceId },
      })
    },
  },
]
