import {
  AlwaysOnSampler,
  BasicTracerProvider,
  ParentBasedSampler,
  RandomIdGenerator,
  TraceIdRatioBasedSampler,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { journeySampler, type Sampler } from '@tracebaton/core/sampler'
import { assertSpan, type RecordedSpan } from '@tracebaton/testing'
import { expect } from 'vitest'
import { contextOn, headerOf, only, operations } from '../expectations.ts'
import type { Received } from '../fixture.ts'
import { OrderError } from '../order-error.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'

const error = new OrderError('no stock')
const HOPS = 4

/**
 * A client in link mode, whose traces begin as a sampler says.
 *
 * @param processors get its spans
 * @param traceIds of the first traces. Default: random ones
 */
const sampledClient = (stage: Stage, root: Sampler, processors: SpanProcessor[], traceIds: string[] = []) =>
  stage.client({
    relation: 'link',
    tracerProvider: new BasicTracerProvider({
      idGenerator: new (class extends RandomIdGenerator {
        override generateTraceId = (): string => traceIds.shift() ?? new RandomIdGenerator().generateTraceId()
      })(),
      sampler: new ParentBasedSampler({ root: journeySampler(root) }),
      spanProcessors: processors,
    }),
  })

/** The 56 bits that consistent samplers decide by, of the context on a message. */
function randomnessOn(message: Received): string {
  const [, given] = /(?:^|[,;=])rv:([\da-f]{14})/.exec(headerOf(message, 'tracestate').join()) ?? []
  return given ?? contextOn(message).traceId.slice(-14)
}

/** The first send of the journey that a message names. */
function journeyOn(message: Received): string | undefined {
  const [, traceId] = /;j=([\da-f]{32})-[\da-f]{16}-0[0-3](?:;|$)/.exec(headerOf(message, 'tracebaton').join()) ?? []
  return traceId
}

/** Messages that go through four queues, each handler sending to the next: gives the messages of each queue. */
async function relay(
  stage: Stage,
  root: Sampler,
  processors: SpanProcessor[],
  bodies: readonly string[],
): Promise<(readonly Received[])[]> {
  const client = await sampledClient(stage, root, processors)
  const queues: string[] = []
  for (let hop = 0; hop < HOPS; hop++) queues.push(await stage.destination())
  const calls = await Promise.all(
    queues.map((queue, hop) =>
      stage.handle(client, queue, ({ body }) => {
        const next = queues[hop + 1]
        return next === undefined ? undefined : stage.send(client, next, body)
      }),
    ),
  )
  for (const body of bodies) await stage.send(client, queues[0]!, body)
  return await Promise.all(calls.map((one) => one.begun(bodies.length)))
}

/** An order in link mode whose handler sends an e-mail, and what handles that. */
async function order(
  stage: Stage,
  handleMail: (mail: Received, client: Awaited<ReturnType<Stage['client']>>) => unknown,
) {
  const client = await stage.client({ relation: 'link', followUp: 'producer' })
  const [orders, mails] = [await stage.destination(), await stage.destination()]
  await stage.send(client, orders, 'order')
  const [first] = await (await stage.handle(client, orders, () => stage.send(client, mails, 'mail'))).ended(1)
  const calls = await stage.handle(client, mails, (mail, { number }) =>
    number === 1 ? handleMail(mail, client) : undefined,
  )
  return { client, orders, mails, first: first!, calls }
}

const followUps = (spans: readonly RecordedSpan[]): RecordedSpan[] =>
  spans.filter(({ attributes }) => attributes['tracebaton.follow_up'] !== undefined)

/** Journeys that take several traces, and what keeps them together. */
export const journeyScenarios: readonly Scenario[] = [
  {
    name: 'a journey over several traces has one randomness, and its first trace finds them all',
    async run(stage) {
      const hops = await relay(stage, new AlwaysOnSampler(), [stage.recorder], ['order'])
      const messages = hops.map((all) => only(all))
      const traces = messages.map((message) => contextOn(message).traceId)
      expect(new Set(traces).size).toBe(HOPS)
      expect(new Set(messages.map(randomnessOn)).size).toBe(1)
      const [first] = traces
      expect(messages.map(journeyOn)).toEqual([undefined, first, first, first])
      const found = await stage.recorder.until(
        (spans) => {
          const named = spans.filter(({ attributes }) => attributes['tracebaton.journey.trace_id'] === first)
          return named.length === 2 * HOPS - 1 && named
        },
        { timeout: stage.fixture.patience, describe: 'the spans of the journey' },
      )
      expect(new Set(found.map(({ traceId }) => traceId)).size).toBe(HOPS)
    },
  },
  {
    name: 'a journey over several traces is sampled whole or not at all',
    async run(stage) {
      const bodies = ['1', '2', '3', '4', '5', '6']
      // Which of them are sampled is up to their ids: nothing is recorded, so that the golden file does not tell.
      const hops = await relay(stage, new TraceIdRatioBasedSampler(0.5), [], bodies)
      for (const body of bodies) {
        const messages = hops.map((all) => only(all.filter((message) => message.body === body)))
        expect(new Set(messages.map((message) => contextOn(message).flags)).size).toBe(1)
        expect(new Set(messages.map(randomnessOn)).size).toBe(1)
      }
    },
  },
  {
    name: 'a journey that fails on its way is sampled whole or not at all',
    needs: ['moves', 'redelivery'],
    varies: 'a message that failed comes again at any time among the others',
    async run(stage) {
      const bodies = ['1', '2', '3', '4', '5', '6']
      // Every other one is sampled: the sampler keeps small ids.
      const traceIds = bodies.map((body) => (Number(body) % 2 === 0 ? '0' : 'f') + body.padStart(31, '0'))
      const client = await sampledClient(stage, new TraceIdRatioBasedSampler(0.5), [], traceIds)
      const [orders, mails, dead, audits] = await Promise.all(Array.from({ length: 4 }, () => stage.destination()))
      for (const body of bodies) await stage.send(client, orders!, body)
      const moves = stage.moves(client)
      const again = new Set<string>()
      const isFirst = (key: string): boolean => again.size < again.add(key).size
      const calls = await Promise.all([
        stage.handle(client, orders!, ({ body }) => {
          if (isFirst(`order ${body}`)) throw error
          return stage.send(client, mails!, body)
        }),
        stage.handle(client, mails!, (mail) =>
          isFirst(`mail ${mail.body}`)
            ? moves.retryLater(mail, { to: mails!, error })
            : moves.deadLetter(mail, { to: dead!, error }),
        ),
        stage.handle(client, dead!, ({ body }) => stage.send(client, audits!, body)),
        stage.handle(client, audits!),
      ])
      const attempts = [2, 2, 1, 1]
      const all = await Promise.all(calls.map((one, queue) => one.begun(attempts[queue]! * bodies.length)))
      for (const body of bodies) {
        const own = all.flat().flatMap((call) => (call.body === body ? call.active! : []))
        expect(own).toHaveLength(6)
        expect(new Set(own.map(({ traceId }) => traceId)).size).toBe(6)
        expect(new Set(own.map(({ traceFlags }) => traceFlags))).toEqual(new Set([Number(body) % 2 === 0 ? 1 : 0]))
        const dice = own.map(({ traceState }) => traceState?.get('ot'))
        expect(new Set(dice)).toEqual(new Set([`rv:${body.padStart(14, '0')}`]))
      }
    },
  },
  {
    name: 'a moved copy keeps the first send of its journey',
    needs: ['moves'],
    async run(stage) {
      const retried = await stage.destination()
      const { calls, first } = await order(stage, (mail, client) =>
        stage.moves(client).retryLater(mail, { to: retried, error }),
      )
      const [mail] = await calls.ended(1)
      const [copy] = await stage.read(retried, 1)
      const { traceId } = contextOn(first)
      expect([journeyOn(mail!), journeyOn(copy!)]).toEqual([traceId, traceId])
      const move = only(operations(stage.recorder.spans, 'send', retried))
      assertSpan(move, { attributes: { 'tracebaton.journey.trace_id': traceId } })
    },
  },
  {
    name: 'the traces of the send and of the first send are told of a message that is given up',
    needs: ['moves'],
    async run(stage) {
      const dead = await stage.destination()
      const { calls, first, mails } = await order(stage, (mail, client) =>
        stage.moves(client).deadLetter(mail, { to: dead, error }),
      )
      const [last] = await calls.ended(1)
      const told = await stage.recorder.until((spans) => followUps(spans).length === 2 && followUps(spans), {
        timeout: stage.fixture.patience,
        describe: 'both traces to be told',
      })
      const sends = [contextOn(first), contextOn(last!)]
      expect(new Set(told.map(({ traceId }) => traceId))).toEqual(new Set(sends.map(({ traceId }) => traceId)))
      for (const span of told) {
        assertSpan(span, {
          kind: 'internal',
          status: 'error',
          parent: sends.find(({ traceId }) => traceId === span.traceId) ?? 'none',
          links: { attempt: [last!.span] },
          attributes: {
            'messaging.destination.name': mails,
            'tracebaton.follow_up': 'dead_lettered',
            'tracebaton.delivery.outcome': 'dead_lettered',
          },
        })
      }
    },
  },
  {
    name: 'peer.service stands on the spans of producers and consumers, and on no others',
    needs: ['moves'],
    async run(stage) {
      const client = await stage.client({ peerService: 'the broker' })
      const [destination, dead] = [await stage.destination(), await stage.destination()]
      await stage.send(client, destination, 'one')
      const calls = await stage.handle(client, destination, (message, { number }) =>
        number === 1 ? stage.moves(client).deadLetter(message, { to: dead, error }) : undefined,
      )
      await calls.ended(1)
      const named = (kind: RecordedSpan['kind']) =>
        stage.recorder.spans.filter((span) => span.kind === kind).map(({ attributes }) => attributes['peer.service'])
      expect([named('producer'), named('consumer')]).toEqual([['the broker'], ['the broker']])
      expect(new Set(named('client'))).toEqual(new Set([undefined]))
    },
  },
]
