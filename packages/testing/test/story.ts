import type { RecordedLink, RecordedSpan } from '../src/spans/span.ts'
import { spanOf } from './span-of.ts'

const first = '4bf92f3577b34da6a3ce929d0e0e4736'
const second = '0af7651916cd43dd8448eb211c80319c'
const epoch = Date.UTC(2026, 0, 15, 10)

/** A link to a span of the story. */
export function linkTo(role: string, spanId: string, traceId: string = first): RecordedLink {
  return { traceId, spanId, role, attributes: { 'tracebaton.link.role': role } }
}

function attempt(number: number, start: number, waited: number, outcome: string): RecordedSpan {
  const links = [linkTo('creation', '00f067aa0ba902b7')]
  if (number > 1) links.unshift(linkTo('previous_attempt', `b${number - 1}`.padEnd(16, '0')))
  return spanOf({
    name: 'process orders',
    kind: 'consumer',
    traceId: first,
    spanId: `b${number}`.padEnd(16, '0'),
    parentSpanId: '00f067aa0ba902b7',
    remoteParent: true,
    startTime: epoch + start,
    endTime: epoch + start + 39 + number,
    service: 'billing',
    status: 'error',
    attributes: {
      'messaging.system.name': 'kafka',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'orders',
      'tracebaton.delivery.attempt': number,
      'tracebaton.delivery.max_attempts': 3,
      'tracebaton.delivery.outcome': outcome,
      'tracebaton.queue.time': waited / 1000,
      'error.type': 'TimeoutError',
    },
    links,
  })
}

/** The span of the story with this name; of several, the first. */
export function named(name: string): RecordedSpan {
  const span = story.find((candidate) => candidate.name === name)
  if (!span) throw new Error(`The story has no span ${name}`)
  return span
}

/** The same span without its links. */
export function unlinked(span: RecordedSpan): RecordedSpan {
  return { ...span, links: [] }
}

/** The same span, started and ended some ms later. */
export function later(span: RecordedSpan, ms: number): RecordedSpan {
  return {
    ...span,
    startTime: span.startTime + ms,
    ...(span.endTime === undefined ? {} : { endTime: span.endTime + ms }),
  }
}

/** The same span, not yet ended. */
export function notEnded(span: RecordedSpan): RecordedSpan {
  const { endTime, ...open } = span
  return endTime === undefined ? span : open
}

/** One order that fails three times and ends as a dead letter in a trace of its own. */
export const story: readonly RecordedSpan[] = [
  spanOf({
    name: 'POST /orders',
    kind: 'server',
    traceId: first,
    spanId: 'a100000000000000',
    startTime: epoch,
    endTime: epoch + 12,
  }),
  spanOf({
    name: 'send orders',
    kind: 'producer',
    traceId: first,
    spanId: '00f067aa0ba902b7',
    parentSpanId: 'a100000000000000',
    startTime: epoch + 4,
    endTime: epoch + 7.4,
    attributes: {
      'messaging.system.name': 'kafka',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'orders',
    },
  }),
  attempt(1, 12.4, 5, 'requeued'),
  attempt(2, 203, 150, 'requeued'),
  attempt(3, 444, 200, 'dead_lettered'),
  spanOf({
    name: 'process orders-dead',
    kind: 'consumer',
    traceId: second,
    spanId: 'c100000000000000',
    startTime: epoch + 520,
    endTime: epoch + 529,
    service: 'mailer',
    attributes: {
      'messaging.system.name': 'kafka',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'orders-dead',
      'tracebaton.delivery.attempt': 1,
      'tracebaton.delivery.kind': 'dead_letter',
      'tracebaton.delivery.outcome': 'acked',
      'tracebaton.dead_letter.source': 'orders',
      'tracebaton.queue.time': 0.035,
    },
    links: [linkTo('previous_attempt', 'b300000000000000'), linkTo('creation', '00f067aa0ba902b7')],
  }),
]
