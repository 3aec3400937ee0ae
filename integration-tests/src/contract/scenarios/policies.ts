import { context, propagation } from '@opentelemetry/api'
import { assertSpan } from '@tracebaton/testing'
import { expect } from 'vitest'
import { contextOn, foreignContext, headerOf, only, operations } from '../expectations.ts'
import type { Scenario } from '../scenario.ts'

/** A message from far away that says everything there is to say. */
function talkative() {
  const [creation, previous] = [foreignContext(), foreignContext()]
  const headers = {
    traceparent: creation.traceparent,
    baggage: 'customer=42,secret=1',
    tracebaton: `1;c=${creation.traceparent.slice(3)};a=4;p=${previous.traceparent.slice(3)};k=immediate`,
  }
  return { creation, previous, headers }
}

/** Sends with baggage in the active context. */
const baggage = propagation.createBaggage({ customer: { value: '42' }, secret: { value: '1' } })

/** What the user's options allow. */
export const policyScenarios: readonly Scenario[] = [
  {
    name: 'a producer that is trusted in full is believed',
    async run(stage) {
      const client = await stage.client({ trust: () => 'full' })
      const destination = await stage.destination()
      const { creation, previous, headers } = talkative()
      await stage.send(await stage.plain(), destination, 'one', headers)
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      assertSpan(attempt!.span, {
        parent: creation,
        links: { previous_attempt: [previous] },
        attributes: { 'tracebaton.delivery.attempt': 4 },
      })
      expect(attempt!.baggage).toEqual({ customer: '42', secret: '1' })
    },
  },
  {
    name: 'of a producer that is trusted for links only, the context is a link that decides nothing',
    provokes: ['sampling-consistent'],
    async run(stage) {
      const client = await stage.client({ trust: 'link-only', relation: 'child' })
      const destination = await stage.destination()
      const { creation, previous, headers } = talkative()
      await stage.send(await stage.plain(), destination, 'one', headers)
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      const { span } = attempt!
      assertSpan(span, { parent: 'none', links: { creation: [creation], previous_attempt: [previous] } })
      assertSpan(span, {
        links: (links) => links.every(({ traceFlags }) => (traceFlags ?? 0) === 0),
        attributes: { 'tracebaton.delivery.attempt': 1, 'tracebaton.delivery.kind': 'first' },
      })
      expect(attempt!.baggage).toEqual({})
    },
  },
  {
    name: 'of a message that is relayed for somebody who is trusted for links only, the context decides nothing',
    provokes: ['sampling-consistent'],
    needs: ['headersOnSend'],
    async run(stage) {
      const client = await stage.client({ trust: 'link-only' })
      const destination = await stage.destination()
      const creation = foreignContext()
      await stage.send(client, destination, 'outbox', { traceparent: creation.traceparent })
      expect(contextOn(only(await stage.read(destination, 1)))).toMatchObject({ spanId: creation.spanId, flags: '01' })
      const send = only(operations(stage.recorder.spans, 'send', destination))
      assertSpan(send, { links: { creation: [creation] } })
      assertSpan(send, { links: (links) => links.every(({ traceFlags }) => (traceFlags ?? 0) === 0) })
    },
  },
  {
    name: 'of a producer that is ignored nothing is taken',
    async run(stage) {
      const client = await stage.client({ trust: 'ignore', relation: 'child' })
      const destination = await stage.destination()
      const { headers } = talkative()
      await stage.send(await stage.plain(), destination, 'one', headers)
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      const { span } = attempt!
      assertSpan(span, {
        parent: 'none',
        links: [],
        attributes: { 'tracebaton.context.status': 'untrusted', 'tracebaton.delivery.attempt': 1 },
      })
      expect(attempt!.baggage).toEqual({})
    },
  },
  {
    name: 'a span has no more links than the option says, and the creation context is among them',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      const { creation, previous, headers } = talkative()
      await stage.send(await stage.plain(), destination, 'one', headers)
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      assertSpan(attempt!.span, { links: [previous, creation] })
      assertSpan(attempt!.span, { links: { previous_attempt: [previous], creation: [creation] } })
      assertSpan(attempt!.span, { links: (links) => links.at(-1)?.role === 'creation' })
    },
  },
  {
    name: 'baggage travels from the sender to the handler',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      await context.with(propagation.setBaggage(context.active(), baggage), () =>
        stage.send(client, destination, 'one'),
      )
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      expect(attempt!.baggage).toEqual({ customer: '42', secret: '1' })
    },
  },
  {
    name: 'baggage that the list does not name neither leaves nor enters',
    async run(stage) {
      const client = await stage.client({ baggage: ['customer'] })
      const [out, home] = [await stage.destination(), await stage.destination()]
      await context.with(propagation.setBaggage(context.active(), baggage), () => stage.send(client, out, 'one'))
      expect(headerOf(only(await stage.read(out, 1)), 'baggage')).toEqual(['customer=42'])
      await stage.send(await stage.plain(), home, 'one', talkative().headers)
      const [attempt] = await (await stage.handle(client, home)).ended(1)
      expect(attempt!.baggage).toEqual({ customer: '42' })
    },
  },
  {
    name: 'where baggage is off none leaves and none enters',
    async run(stage) {
      const client = await stage.client({ baggage: false })
      const [out, home] = [await stage.destination(), await stage.destination()]
      await context.with(propagation.setBaggage(context.active(), baggage), () => stage.send(client, out, 'one'))
      expect(headerOf(only(await stage.read(out, 1)), 'baggage')).toEqual([])
      const { creation, headers } = talkative()
      await stage.send(await stage.plain(), home, 'one', headers)
      const [attempt] = await (await stage.handle(client, home)).ended(1)
      assertSpan(attempt!.span, { parent: creation })
      expect(attempt!.baggage).toEqual({})
    },
  },
]
