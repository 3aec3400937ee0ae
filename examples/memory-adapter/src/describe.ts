import type { Delivery, OutgoingMessage, SendResults } from '@tracebaton/core/adapter'
import { headersGetter } from './headers.ts'
import type { Message, ReceivedMessage } from './queues.ts'

/** `messaging.system.name`. */
export const SYSTEM = 'memory'

export function toOutgoing({ headers, delay }: Message): OutgoingMessage<Message['headers']> {
  return { carrier: headers, getter: headersGetter, delay }
}

/** The ids that the queue gave, by position. */
export function toSendResults(answers: readonly { readonly id: string }[]): SendResults {
  return { messages: answers.map(({ id }) => ({ facts: { messageId: id } })) }
}

/** One arrival of a message. The queue counts deliveries exactly, and keeps the time. */
export function toDelivery(queue: string | undefined, message: ReceivedMessage): Delivery<Message['headers']> {
  return {
    system: SYSTEM,
    destination: { name: queue },
    carrier: message.headers,
    getter: headersGetter,
    facts: { messageId: message.id },
    handle: message,
    identity: `memory:${queue}:${message.id}`,
    sentAt: message.publishedAt,
    count: { deliveries: message.deliveries, exact: true },
  }
}
