import {
  replaceFields,
  type Injection,
  type Move,
  type Publication,
  type AdapterTracing,
} from '@tracebaton/core/adapter'
import { SYSTEM, toOutgoing, toSendResults } from './describe.ts'
import { toHeader } from './headers.ts'
import type { Message, Queues } from './queues.ts'

type Sender = Pick<Queues, 'publish' | 'publishAll'>

/** The publishing half of a queue, traced. Whatever cannot be described goes to the original as it is. */
export function tracePublishing(tracing: AdapterTracing, queues: Sender): Sender {
  return {
    publish: (queue, message) => publish(tracing, queues, queue, message),
    publishAll(queue, messages) {
      const publication = tracing.guard(() => toPublication(queue, messages, true))
      if (publication === undefined) return queues.publishAll(queue, messages)
      return tracing.send(publication, (injections) =>
        queues.publishAll(
          queue,
          messages.map((message, index) => inject(tracing, message, injections[index])),
        ),
      )
    },
  }
}

/** @param move where the message is one that was received */
export function publish(
  tracing: AdapterTracing,
  queues: Sender,
  queue: string,
  message: Message,
  move?: Move,
): Promise<{ readonly id: string }> {
  const publication = tracing.guard(() => Object.assign(toPublication(queue, [message], false), { move }))
  if (publication === undefined) return queues.publish(queue, message)
  return tracing.send(publication, ([injection]) => queues.publish(queue, inject(tracing, message, injection)))
}

function toPublication(queue: string, messages: readonly Message[], batch: boolean): Publication {
  return {
    system: SYSTEM,
    operation: 'publish',
    destination: { name: queue },
    batch,
    messages: messages.map(toOutgoing),
    results: (answer) =>
      toSendResults(batch ? (answer as readonly { id: string }[]) : [answer as { readonly id: string }]),
  }
}

/** A copy with our fields; the message itself where there is nothing to write. */
function inject(tracing: AdapterTracing, message: Message, injection: Injection | undefined): Message {
  const fields = injection?.fields
  if (fields === undefined) return message
  const headers = tracing.guard(() => replaceFields(message.headers, fields, tracing.isField, toHeader))
  return headers === undefined ? message : { ...message, headers }
}
