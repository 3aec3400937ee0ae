import type { Delivery, Publication, Scope } from '@tracebaton/core/adapter'
import type { Message, PublishAck, StreamConsumer, StreamMessage } from './client.ts'
import { headersGetter } from './headers.ts'

export const SCOPE: Scope = { name: 'example-stream-adapter', version: '0.0.0' }
const factsOf = ({ stream, sequence }: PublishAck) => ({ messageId: `${stream}:${sequence}` })

export function toPublication(stream: string, messages: readonly Message[], batch: boolean): Publication {
  return {
    system: 'stream',
    operation: 'publish',
    destination: { name: stream },
    batch,
    messages: messages.map(({ headers, delay }) => ({ carrier: headers, getter: headersGetter, delay })),
    results: (answer) => ({ messages: [answer as PublishAck].flat().map((ack) => ({ facts: factsOf(ack) })) }),
  }
}

export function toDelivery(source: StreamConsumer | undefined, { headers, info }: StreamMessage): Delivery {
  const { stream, consumer, sequence, timestamp } = info
  return {
    system: 'stream',
    destination: { name: stream },
    carrier: headers,
    getter: headersGetter,
    facts: { ...factsOf(info), consumerGroup: consumer },
    identity: `stream:${stream}:${consumer}:${sequence}:${timestamp}`, // a stream that is made again starts over
    source,
    key: info.deliverySequence,
    sentAt: timestamp,
    count: { deliveries: info.deliveries, exact: true },
  }
}
