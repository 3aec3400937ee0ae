import type { DeliveryHistory } from '@tracebaton/core'
import { assertSpan } from '@tracebaton/testing'
import { expect } from 'vitest'
import { copied } from '../copied.ts'
import { contextOn, foreignContext, headerOf, historyOn, operations } from '../expectations.ts'
import type { Received } from '../fixture.ts'
import { OrderError } from '../order-error.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'
import { expectQueueTime } from '../times.ts'

const error = new OrderError('no stock')

const factOf = (message: Received | undefined, name: string): string | undefined =>
  headerOf(message!, `tracebaton-${name}`)[0]

/** Sends an order and lets it die: gives the queues, the client, and the dead letter as a plain client reads it. */
async function kill(stage: Stage) {
  const client = await stage.client()
  const [orders, dead] = [await stage.destination(), await stage.destination()]
  await stage.send(client, orders, 'order')
  const calls = await stage.handle(client, orders, (message, { number }) =>
    number === 1 ? stage.moves(client).deadLetter(message, { to: dead, error }) : undefined,
  )
  const [last] = await calls.ended(1)
  return { client, orders, dead, calls, last: last! }
}

/** The publishing helpers, one at a time. */
export const moveScenarios: readonly Scenario[] = [
  {
    name: 'a plain client reads on a moved message one context, one history and the facts',
    needs: ['moves'],
    async run(stage) {
      const client = await stage.client()
      const moves = stage.moves(client)
      const [orders, later, dead, back] = await Promise.all([
        stage.destination(),
        stage.destination(),
        stage.destination(),
        stage.destination(),
      ])
      await stage.send(client, orders, 'order')
      const calls = await stage.handle(client, orders, async (message) => {
        await moves.retryLater(message, { to: later, error })
        await moves.deadLetter(message, { to: dead, error })
        await moves.redrive(message, { to: back })
      })
      const [attempt] = await calls.ended(1)
      const kinds = { [later]: 'immediate', [dead]: 'dead_letter', [back]: 'redrive' }
      for (const [destination, kind] of Object.entries(kinds)) {
        const [copy] = await stage.read(destination, 1)
        expect(copy!.body).toBe('order')
        expect(contextOn(copy!)).toEqual(contextOn(attempt!))
        expect(headerOf(copy!, 'tracebaton')).toEqual([expect.stringContaining(`;k=${kind}`)])
        expect(headerOf(copy!, 'tracebaton')).toEqual([expect.stringContaining(attempt!.span.spanId)])
        expect(factOf(copy, 'original-destination')).toBe(kind === 'redrive' ? undefined : orders)
      }
    },
  },
  {
    name: 'a message that is moved after its handler still belongs to its attempt',
    needs: ['moves'],
    async run(stage) {
      const client = await stage.client()
      const [orders, dead] = [await stage.destination(), await stage.destination()]
      await stage.send(client, orders, 'order')
      const received: Received[] = []
      const calls = await stage.handle(client, orders, (message) => void received.push(message))
      const [attempt] = await calls.ended(1)
      await stage.inSpan('clean up', () => stage.moves(client).deadLetter(received[0]!, { to: dead, error }))
      const [letter] = await (await stage.handle(client, dead)).ended(1)
      const [move] = operations(stage.recorder.spans, 'send', dead)
      assertSpan(move, { parent: attempt!.span, links: { creation: [contextOn(attempt!)] } })
      assertSpan(letter!.span, { links: { previous_attempt: [attempt!.span] } })
      expect(factOf(letter, 'error-message')).toBe('no stock')
    },
  },
  {
    name: 'a dead letter goes out although its handler has been told to stop',
    needs: ['moves'],
    async run(stage) {
      const client = await stage.client()
      const [orders, dead] = [await stage.destination(), await stage.destination()]
      await stage.send(client, orders, 'order')
      const calls = await stage.handle(client, orders, async (message) => {
        const stop = new AbortController()
        const work = new Promise((_, reject) => {
          stop.signal.addEventListener('abort', () => reject(error))
        })
        stop.abort()
        await work.catch((reason: unknown) => stage.moves(client).deadLetter(message, { to: dead, error: reason }))
      })
      const [attempt] = await calls.ended(1)
      const [letter] = await (await stage.handle(client, dead)).ended(1)
      assertSpan(letter!.span, { links: { previous_attempt: [attempt!.span] } })
    },
  },
  {
    name: 'a message that is to wait says so, and the wait is no time in the queue',
    needs: ['moves', 'sentTime'],
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await stage.send(client, destination, 'order')
      const delay = 1000
      const calls = await stage.handle(client, destination, (message, { number }) =>
        number === 1 ? stage.moves(client).retryLater(message, { error, delay }) : undefined,
      )
      const [first, second] = await calls.ended(2)
      assertSpan(second!.span, { attempt: 2, deliveryKind: 'delayed', links: { previous_attempt: [first!.span] } })
      const move = operations(stage.recorder.spans, 'send', destination).find(({ kind }) => kind === 'client')
      expectQueueTime(second!.span, move!, delay)
      // A client that cannot keep the delay in the message's own place says so.
      for (const failure of stage.failures.splice(0)) expect(String(failure)).toContain('delays no message')
    },
  },
  {
    name: 'a message that dies again after a redrive has a new history, and its old origin',
    needs: ['moves'],
    async run(stage) {
      const { client, orders, dead, last } = await kill(stage)
      const moves = stage.moves(client)
      const again = await stage.destination()
      const letters = await stage.handle(client, dead, (message, { number }) =>
        number === 1 ? moves.redrive(message, { to: again }) : undefined,
      )
      const calls = await stage.handle(client, again, (message) =>
        moves.deadLetter(message, { to: dead, error: new RangeError('too late') }),
      )
      const [second] = await calls.ended(1)
      const [, letter] = await letters.ended(2)
      assertSpan(second!.span, { attempt: 1, deliveryKind: 'redrive' })
      assertSpan(letter!.span, {
        attempt: 1,
        deliveryKind: 'dead_letter',
        links: { previous_attempt: [second!.span] },
        attributes: { 'tracebaton.delivery.redrives': 1 },
      })
      expect(contextOn(letter!)).toEqual(contextOn(last))
      expect(factOf(letter, 'original-destination')).toBe(orders)
      expect(factOf(letter, 'error-type')).toBe('RangeError')
    },
  },
  {
    name: 'a dead letter that somebody puts back by hand is a redrive',
    needs: ['moves'],
    async run(stage) {
      const { orders, dead, calls, last } = await kill(stage)
      const [letter] = await stage.read(dead, 1)
      await stage.send(await stage.plain(), orders, 'order', copied(letter!))
      const [, back] = await calls.ended(2)
      assertSpan(back!.span, {
        attempt: 1,
        deliveryKind: 'redrive',
        parent: contextOn(last),
        links: { previous_attempt: [last.span] },
        attributes: { 'tracebaton.delivery.redrives': 1 },
      })
    },
  },
  {
    name: 'a dead letter that is tried again stays one, until somebody puts it back',
    needs: ['moves'],
    async run(stage) {
      const { client, orders, dead, calls, last } = await kill(stage)
      const letters = await stage.handle(client, dead, (message, { number }) =>
        number === 1 ? stage.moves(client).retryLater(message, { error }) : undefined,
      )
      const [first, second] = await letters.ended(2)
      assertSpan(second!.span, {
        attempt: 2,
        deliveryKind: 'immediate',
        parent: 'none',
        links: { previous_attempt: [first!.span], creation: [contextOn(last)] },
        attributes: { 'tracebaton.dead_letter.source': orders },
      })
      await stage.send(await stage.plain(), orders, 'order', copied(second!))
      const [, back] = await calls.ended(2)
      assertSpan(back!.span, { attempt: 1, deliveryKind: 'redrive', parent: contextOn(last) })
    },
  },
  {
    name: 'where somebody else moves a message, its headers lead to its origin, or it says that it has none',
    needs: ['moves'],
    async run(stage) {
      const { client, dead, last } = await kill(stage)
      const [letter] = await stage.read(dead, 1)
      const foreign = foreignContext()
      const destination = await stage.destination()
      const plain = await stage.plain()
      await stage.send(plain, destination, 'copied', copied(letter!))
      await stage.send(plain, destination, 'renamed', { ...copied(letter!), traceparent: foreign.traceparent })
      await stage.send(plain, destination, 'stripped')
      const attempts = await (await stage.handle(client, destination)).ended(3)
      const spanOf = (body: string) => attempts.find((attempt) => attempt.body === body)!.span
      assertSpan(spanOf('copied'), { links: { creation: [contextOn(last)], previous_attempt: [last.span] } })
      assertSpan(spanOf('renamed'), {
        parent: foreign,
        attempt: 1,
        deliveryKind: 'first',
        links: { origin: [contextOn(last)], previous_attempt: [] },
      })
      assertSpan(spanOf('stripped'), {
        parent: 'none',
        links: [],
        attributes: { 'tracebaton.context.status': 'absent' },
      })
    },
  },
  {
    name: 'a reply, a fan-out and a new message for the same place are no moves',
    needs: ['headersOnSend'],
    async run(stage) {
      const client = await stage.client()
      const [orders, mails, bills] = [await stage.destination(), await stage.destination(), await stage.destination()]
      await stage.send(client, orders, 'order')
      const calls = await stage.handle(client, orders, async (message, { number }) => {
        if (number > 1) return
        await stage.send(client, mails, 'mail', copied(message))
        await stage.send(client, bills, 'bill', copied(message))
        await stage.send(client, orders, 'another order')
      })
      const [order, another] = await calls.ended(2)
      const [mail] = await (await stage.handle(client, mails)).ended(1)
      const [bill] = await (await stage.handle(client, bills)).ended(1)
      for (const made of [another!, mail!, bill!]) {
        expect(contextOn(made)).not.toEqual(contextOn(order!))
        expect(historyOn(made)).toEqual([])
        assertSpan(made.span, { attempt: 1, deliveryKind: 'first', links: { previous_attempt: [] } })
      }
      assertSpan(order!.span, { outcome: 'acked' })
    },
  },
  {
    name: 'hooks and log lines are told the history of a message',
    needs: ['moves'],
    async run(stage) {
      const histories: DeliveryHistory[] = []
      const hooks = {
        onProcess: (_: unknown, { history }: { history: DeliveryHistory }) => void histories.push(history),
      }
      const client = await stage.client({ hooks })
      const [orders, dead] = [await stage.destination(), await stage.destination()]
      await stage.send(client, orders, 'order')
      const calls = await stage.handle(client, orders, (message) =>
        stage.moves(client).deadLetter(message, { to: dead, error }),
      )
      const [last] = await calls.ended(1)
      const [letter] = await (await stage.handle(client, dead)).ended(1)
      expect(histories).toMatchObject([
        { attempt: 1, kind: 'first', redrives: 0, moved: undefined },
        {
          attempt: 1,
          kind: 'dead_letter',
          origin: { spanId: contextOn(last!).spanId },
          previousAttempt: { spanId: last!.span.spanId },
          deadLetter: { source: orders, reason: 'OrderError' },
          moved: { attempts: 1, errorMessage: 'no stock' },
        },
      ])
      expect(letter!.fields).toMatchObject({
        'tracebaton.delivery.kind': 'dead_letter',
        'tracebaton.original_destination': orders,
        'tracebaton.last_error_type': 'OrderError',
        'tracebaton.origin.trace_id': contextOn(last!).traceId,
      })
    },
  },
]
