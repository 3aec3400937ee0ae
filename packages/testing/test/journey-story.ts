import type { RecordedLink, RecordedSpan, SpanAttributes } from '../src/spans/span.ts'
import { spanOf } from './span-of.ts'

type Place = Partial<Omit<RecordedSpan, 'spanId' | 'name' | 'attributes'>> & { readonly attributes?: SpanAttributes }

const KINDS = { send: 'producer', create: 'producer', receive: 'client', process: 'consumer' } as const

/** A messaging span on Kafka. Ids are short texts; a trace is one letter. */
export function messaging(
  spanId: string,
  type: keyof typeof KINDS,
  destination: string,
  { attributes, ...place }: Place = {},
): RecordedSpan {
  return spanOf({
    name: `${type} ${destination}`,
    spanId,
    kind: KINDS[type],
    service: type === 'send' || type === 'create' ? 'shop' : 'billing',
    traceFlags: 1,
    ...place,
    attributes: {
      'messaging.system.name': 'kafka',
      'messaging.operation.name': type,
      'messaging.operation.type': type,
      'messaging.destination.name': destination,
      ...attributes,
    },
  })
}

/** What identifies a message on Kafka. */
export function at(offset: number, partition = '0'): SpanAttributes {
  return { 'messaging.destination.partition.id': partition, 'kafka.offset': offset }
}

/** A link of a role. */
export function link(role: string | undefined, { traceId, spanId }: RecordedSpan): RecordedLink {
  return role === undefined
    ? { traceId, spanId, traceFlags: 1, attributes: {} }
    : { traceId, spanId, traceFlags: 1, role, attributes: { 'tracebaton.link.role': role } }
}

/** A run of a handler below its send, as our adapters record it. */
export function attempt(
  spanId: string,
  send: RecordedSpan,
  number: number,
  place: Place & { before?: RecordedSpan } = {},
): RecordedSpan {
  const { before, attributes, ...rest } = place
  return messaging(spanId, 'process', 'orders', {
    traceId: send.traceId,
    parentSpanId: send.spanId,
    remoteParent: true,
    startTime: number * 10,
    links: [...(before ? [link('previous_attempt', before)] : []), link('creation', send)],
    ...rest,
    attributes: { ...at(42), 'tracebaton.delivery.attempt': number, ...attributes },
  })
}
