import { assertPropagation, assertSpans, type RecordedSpan } from '@tracebaton/testing'
import { expect, inject, test } from 'vitest'
import { run } from '../src/command.ts'
import { only } from '../src/contract/expectations.ts'
import { NODE } from '../src/node.ts'
import { PROGRAMS } from '../src/official-beside.ts'

const BROKERS = { kafka: 'kafka', amqp: 'rabbitmq', sqs: 'sqs', bullmq: 'redis' } as const
type Client = keyof typeof BROKERS

interface Played {
  readonly spans: readonly RecordedSpan[]
  /** What the caller got. */
  readonly code: number
  readonly queues: { readonly orders: string; readonly answers: string }
}

async function play(client: Client, relation: 'child' | 'link'): Promise<Played> {
  const parameters = ['around.cjs', client, relation, inject('brokers')[BROKERS[client]]]
  const { code, stdout, stderr } = await run(NODE, parameters, { folder: PROGRAMS, environment: { NODE_OPTIONS: '' } })
  if (code !== 0) throw new Error(`The program ended with ${code}: ${stderr}`)
  return JSON.parse(stdout) as Played
}

function isOn({ attributes }: RecordedSpan, queue: string): boolean {
  return attributes['messaging.destination.name'] === queue
}

/** The spans of the way of one order, by what they are. */
function wayOf({ spans, queues }: Played) {
  const find = (scope: string, kind: RecordedSpan['kind'], method = ''): RecordedSpan =>
    only(spans.filter((span) => span.scope.endsWith(scope) && span.kind === kind && span.name.startsWith(method)))
  const ours = (kind: RecordedSpan['kind'], queue: string): RecordedSpan =>
    only(spans.filter((span) => span.scope.startsWith('@tracebaton/') && span.kind === kind && isOn(span, queue)))
  return {
    call: find('-undici', 'client', 'POST'),
    request: find('-http', 'server', 'POST'),
    order: ours('producer', queues.orders),
    attempt: ours('consumer', queues.orders),
    askForStock: find('-undici', 'client', 'GET'),
    stock: find('-http', 'server', 'GET'),
    askForCharge: find('-grpc', 'client'),
    charge: find('-grpc', 'server'),
    answer: ours('producer', queues.answers),
    answered: ours('consumer', queues.answers),
  }
}

const cases = (Object.keys(BROKERS) as Client[]).flatMap((client) =>
  (['child', 'link'] as const).map((relation) => [client, relation] as const),
)

test.concurrent.each(cases)(
  'HTTP and gRPC around the queues of %s, related as %s, are one connected way',
  { timeout: 120_000 },
  async (client, relation) => {
    const played = await play(client, relation)
    expect(played.code).toBe(200)
    const way = wayOf(played)
    const apart = relation === 'link'
    assertSpans(
      [way.call, way.request, way.order, way.attempt],
      [
        { parent: 'none' },
        { parent: way.call },
        { parent: way.request },
        { parent: apart ? 'none' : way.order, links: { creation: [way.order] } },
      ],
    )
    assertSpans(
      [way.askForStock, way.stock, way.askForCharge, way.charge, way.answer, way.answered],
      [
        { parent: way.attempt },
        { parent: way.askForStock },
        { parent: way.attempt },
        { parent: way.askForCharge },
        { parent: way.attempt },
        { parent: apart ? 'none' : way.answer, links: { creation: [way.answer] } },
      ],
    )
    const traces = new Set(Object.values(way).map(({ traceId }) => traceId))
    expect(traces.size).toBe(apart ? 3 : 1)
    assertPropagation(played.spans)
  },
)
