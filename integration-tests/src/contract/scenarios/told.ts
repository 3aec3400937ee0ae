import type { HandledAttempt, Outcome, RetryResult } from '@tracebaton/core'
import { assertSpan } from '@tracebaton/testing'
import { expect } from 'vitest'
import type { Received } from '../fixture.ts'
import { OrderError } from '../order-error.ts'
import type { Scenario } from '../scenario.ts'

const error = new OrderError('no stock')
const failure = { errorType: 'OrderError', errorMessage: 'no stock' }

const outcomeOf = (result: unknown): Outcome | undefined =>
  result === 'sent on by hand' ? 'retry_scheduled' : undefined

/** What handlers are told, and what they tell. */
export const toldScenarios: readonly Scenario[] = [
  {
    name: 'a handler is told its attempt by its message and by a clone of it, and nobody is afterwards',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.send(client, destination, 'order')
      const told: (HandledAttempt | undefined)[] = []
      const received: Received[] = []
      const calls = await stage.handle(client, destination, async (message) => {
        received.push(message)
        told.push(client.attemptOf(message), client.attemptOf(message, true))
      })
      await calls.ended(1)
      expect(told).toMatchObject([
        { attempt: 1, kind: 'first', due: undefined, previousFailure: undefined },
        { attempt: 1, kind: 'first', due: undefined, previousFailure: undefined },
      ])
      const afterwards = client.attemptOf(received[0]!)
      expect(afterwards).toBeUndefined()
    },
  },
  {
    name: 'the handler of a delayed copy is told when it is due, of how many attempts it is one, and why there is one',
    needs: ['moves', 'sentTime'],
    async run(stage) {
      const client = await stage.client()
      const [orders, later] = [await stage.destination(), await stage.destination()]
      await stage.send(client, orders, 'order')
      const before = Date.now()
      await stage.handle(client, orders, (message) =>
        stage.moves(client).retryLater(message, { to: later, delay: 1000, error, maxAttempts: 3 }),
      )
      let told: HandledAttempt | undefined
      const calls = await stage.handle(client, later, (message) => void (told = client.attemptOf(message)))
      await calls.ended(1)
      expect(told).toMatchObject({ attempt: 2, maxAttempts: 3, kind: 'delayed', previousFailure: failure })
      const { firstSent = 0, sent = 0, due = 0 } = told!
      expect(due - sent).toBe(1000)
      expect(sent).toBeGreaterThanOrEqual(firstSent)
      expect(Math.abs(firstSent - before)).toBeLessThan(60_000)
    },
  },
  {
    name: 'the handler of a message that is delivered again is told what the attempt before failed with',
    needs: ['redelivery'],
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.send(client, destination, 'order')
      const told: (HandledAttempt | undefined)[] = []
      const calls = await stage.handle(client, destination, (message, { number }) => {
        told.push(client.attemptOf(message))
        if (number === 1) throw error
      })
      await calls.ended(2)
      expect(told).toMatchObject([
        { attempt: 1, kind: 'first', previousFailure: undefined },
        { attempt: 2, kind: 'redelivery', previousFailure: failure },
      ])
    },
  },
  {
    name: 'a handler tells by its result what became of its message, and one that says nothing has taken it',
    async run(stage) {
      const client = await stage.client({ outcomeOf })
      const destination = await stage.destination()
      for (const body of ['one', 'two']) await stage.send(client, destination, body)
      const calls = await stage.handle(client, destination, async ({ body }) =>
        body === 'one' ? 'sent on by hand' : 'done',
      )
      const attempts = await calls.ended(2)
      for (const { body, span } of attempts) {
        assertSpan(span, { outcome: body === 'one' ? 'retry_scheduled' : 'acked', status: 'unset' })
      }
    },
  },
  {
    name: 'retries end with the attempts that are allowed, and whoever asked for one sends the dead letter',
    needs: ['moves'],
    async run(stage) {
      const client = await stage.client()
      const moves = stage.moves(client)
      const [orders, dead] = [await stage.destination(), await stage.destination()]
      await stage.send(client, orders, 'order')
      const results: RetryResult[] = []
      const calls = await stage.handle(client, orders, async (message) => {
        const result = await moves.retryLater(message, { error, maxAttempts: 3 })
        results.push(result)
        if (result === 'exhausted') await moves.deadLetter(message, { to: dead, error })
      })
      const attempts = await calls.ended(3)
      const [letter] = await (await stage.handle(client, dead)).ended(1)
      expect(results).toEqual(['retried', 'retried', 'exhausted'])
      attempts.forEach(({ span }, index) => {
        assertSpan(span, { attempt: index + 1, outcome: index < 2 ? 'retry_scheduled' : 'dead_lettered' })
        if (index > 0) assertSpan(span, { attributes: { 'tracebaton.delivery.max_attempts': 3 } })
      })
      assertSpan(letter!.span, { deliveryKind: 'dead_letter', links: { previous_attempt: [attempts[2]!.span] } })
    },
  },
]
