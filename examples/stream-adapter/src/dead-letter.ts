import { moveMessage, originalOf, retryResult, tracingFor } from '@tracebaton/core/adapter'
import type { DeadLetterOptions, Move, RedriveOptions, RetryOptions, RetryResult } from '@tracebaton/core/adapter'
import type { Message, PublishAck as Ack, StreamClient, StreamMessage } from './client.ts'
import { arrivalOf } from './consumer.ts'
import { SCOPE, toDelivery, toPublication } from './describe.ts'
import { inject } from './headers.ts'

export function retryLater(client: StreamClient, message: StreamMessage, options?: RetryOptions): Promise<RetryResult> {
  return retryResult(move(client, message, 'retry', options))
}

export function deadLetter(client: StreamClient, message: StreamMessage, options: DeadLetterOptions): Promise<Ack> {
  return move(client, message, 'dead_letter', options)
}

export function redrive(client: StreamClient, message: StreamMessage, options?: RedriveOptions): Promise<Ack> {
  return move(client, message, 'redrive', options)
}

function move(client: StreamClient, message: StreamMessage, kind: Move['kind'], options: RetryOptions = {}) {
  const arrival = arrivalOf(message)
  const tracing = tracingFor(client, arrival, SCOPE)
  const delivery = arrival?.delivery ?? tracing.guard(() => toDelivery(undefined, message))
  const from = kind === 'retry' ? message.info.stream : delivery && tracing.moveFacts(delivery)?.originalDestination
  const copy: Message = { body: message.body, headers: message.headers, delay: options.delay }
  return moveMessage(
    { ...options, kind, tracing, delivery, from },
    (stream) => toPublication(stream, [copy], false),
    (stream, injection) => originalOf(client).publish(stream, inject(tracing, copy, injection)),
  )
}
