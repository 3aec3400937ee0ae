import { headerText } from '../base/text.ts'
import type { Failure } from '../wire/failure.ts'
import type { Verdict } from '../verdict/verdict.ts'
import type { MoveFacts } from '../wire/move-facts.ts'

/**
 * The facts that the next copy carries. Where the message was at first is written once; a redrive says nothing new, and
 * keeps what is known of the failure.
 */
export function nextMoveFacts(
  kind: 'retry' | 'dead_letter' | 'redrive',
  { delivery, deadLetter, attempt, moved }: Verdict,
  failure: Failure | undefined,
): MoveFacts {
  if (kind === 'redrive') return moved ?? {}
  const { facts, destination } = delivery
  const source = deadLetter?.source
  const position = delivery.position ?? facts?.messageId
  const consumer = delivery.queue ?? facts?.consumerGroup
  const original =
    moved?.originalDestination === undefined
      ? {
          originalDestination: clean(source ?? destination.name),
          // A broker that moved it here does not say where it stood there, and its id stays the same.
          originalPosition: clean(source === undefined ? position : facts?.messageId),
          originalConsumer: source === undefined ? clean(consumer) : undefined,
        }
      : {
          originalDestination: moved.originalDestination,
          originalPosition: moved.originalPosition,
          originalConsumer: moved.originalConsumer,
        }
  return { ...original, attempts: attempt.attempt, ...failure, failedAt: new Date().toISOString() }
}

function clean(text: string | undefined): string | undefined {
  return text === undefined ? undefined : headerText(text)
}
