import { randomBytes } from 'node:crypto'
import type { RecordedLink, RecordedSpan, SpanAttributes } from '@tracebaton/testing'

/** What becomes of an order. `lost`: its context does not reach the worker. */
export type Fate = 'works' | 'recovers' | 'dies' | 'lost'

type Given = Pick<RecordedSpan, 'name' | 'kind' | 'traceId' | 'startTime' | 'endTime' | 'service'> &
  Partial<RecordedSpan>

const id = (bytes: number): string => randomBytes(bytes).toString('hex')

function spanOf(given: Given): RecordedSpan {
  const rest = { attributes: {}, links: [], events: [], status: 'unset', resource: {}, scope: 'orders' } as const
  return { ...rest, spanId: id(8), traceFlags: 1, ...given }
}

function link(role: string, { traceId, spanId }: RecordedSpan): RecordedLink {
  return { traceId, spanId, role, traceFlags: 1, attributes: { 'tracebaton.link.role': role } }
}

function messaging(type: string, offset: number, more: SpanAttributes = {}): SpanAttributes {
  return {
    'messaging.system': 'kafka',
    'messaging.operation.type': type,
    'messaging.operation.name': type,
    'messaging.destination.name': 'orders',
    'messaging.destination.partition.id': '0',
    'messaging.kafka.offset': offset,
    ...more,
  }
}

/** All spans of one order that was sold at a time, ms. */
export function orderJourney(number: number, fate: Fate, start: number): RecordedSpan[] {
  const traceId = id(16)
  const shop = { traceId, service: 'shop' }
  const request = spanOf({ ...shop, name: 'POST /orders', kind: 'server', startTime: start, endTime: start + 14 })
  const send = spanOf({
    ...shop,
    name: 'send orders',
    kind: 'producer',
    parentSpanId: request.spanId,
    startTime: start + 4,
    endTime: start + 9,
    attributes: messaging('send', number),
  })
  const total = { works: 1, recovers: 3, dies: 3, lost: 1 }[fate]
  const attempts: RecordedSpan[] = []
  const inner: RecordedSpan[] = []
  for (let attempt = 1; attempt <= total; attempt += 1) {
    const failed = attempt < total || fate === 'dies'
    const begin = start + 16 + (attempt - 1) * 240
    const outcome = !failed ? 'acked' : attempt === total ? 'dead_lettered' : 'requeued'
    const before = attempts.at(-1)
    const process = spanOf({
      service: 'billing',
      name: 'process orders',
      kind: 'consumer',
      traceId: fate === 'lost' ? id(16) : traceId,
      ...(fate !== 'lost' && { parentSpanId: send.spanId, remoteParent: true }),
      startTime: begin,
      endTime: begin + 44,
      status: failed ? 'error' : 'unset',
      attributes: messaging('process', number, {
        'order.id': String(number),
        'tracebaton.delivery.attempt': attempt,
        'tracebaton.delivery.max_attempts': 3,
        'tracebaton.delivery.outcome': outcome,
        ...(fate === 'lost' && { 'tracebaton.context.status': 'absent' }),
        'tracebaton.queue.time': attempt === 1 ? 0.007 : 0.196,
        ...(failed && { 'error.type': 'TimeoutError' }),
      }),
      links: fate === 'lost' ? [] : [...(before ? [link('previous_attempt', before)] : []), link('creation', send)],
    })
    attempts.push(process)
    inner.push(
      spanOf({
        service: 'billing',
        name: 'POST bank.example/charges',
        kind: 'client',
        traceId: process.traceId,
        parentSpanId: process.spanId,
        startTime: begin + 3,
        endTime: begin + 42,
        status: failed ? 'error' : 'unset',
      }),
    )
  }
  const last = attempts.at(-1)
  if (fate !== 'dies' || !last) return [request, send, ...attempts, ...inner]
  const dead = spanOf({
    service: 'mailer',
    name: 'process orders-dead',
    kind: 'consumer',
    traceId: id(16),
    startTime: start + 620,
    endTime: start + 631,
    attributes: {
      'messaging.system': 'kafka',
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      'messaging.destination.name': 'orders-dead',
      'messaging.destination.partition.id': '0',
      'messaging.kafka.offset': number,
      'tracebaton.delivery.attempt': 1,
      'tracebaton.delivery.kind': 'dead_letter',
      'tracebaton.delivery.outcome': 'acked',
      'tracebaton.dead_letter.source': 'orders',
      'tracebaton.queue.time': 0.03,
    },
    links: [link('previous_attempt', last), link('creation', send)],
  })
  return [request, send, ...attempts, ...inner, dead]
}
