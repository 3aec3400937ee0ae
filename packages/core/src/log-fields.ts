import { context as contexts } from '@opentelemetry/api'
import { getHandling, onlyMessage } from './memory/handling.ts'
import { validSpanContext } from './wire/format.ts'

/** What a log line should say inside a handler. Flat, JSON-safe, absent keys left out. */
export type LogFields = Readonly<Record<string, string | number>>

/**
 * The fields that connect a log line to the attempt it was written in: `trace_id`, `span_id`, `trace_flags` (two hex
 * digits) and, inside a handler of one message, `messaging.destination`, `messaging.message_id`, `messaging.attempt`,
 * and where there is something to say `messaging.max_attempts`, `messaging.delivery_kind`, `messaging.redrives`,
 * `messaging.origin_trace_id`, and of a message that was moved `messaging.original_destination`,
 * `messaging.attempts_before` and `messaging.last_error_type`. Empty outside of any span. Never throws.
 */
export function logFields(): LogFields {
  const fields: Record<string, string | number> = {}
  try {
    const active = contexts.active()
    const span = validSpanContext(active)
    if (span !== undefined) {
      fields['trace_id'] = span.traceId
      fields['span_id'] = span.spanId
      fields['trace_flags'] = span.traceFlags.toString(16).padStart(2, '0')
    }
    const handling = getHandling(active)
    const message = handling && onlyMessage(handling)
    if (message === undefined) return fields
    const { delivery, attempt, belief, moved } = message
    if (delivery.destination.name !== undefined) fields['messaging.destination'] = delivery.destination.name
    if (delivery.facts?.messageId !== undefined) fields['messaging.message_id'] = delivery.facts.messageId
    fields['messaging.attempt'] = attempt.attempt
    if (attempt.maxAttempts !== undefined) fields['messaging.max_attempts'] = attempt.maxAttempts
    if (attempt.kind !== 'first') fields['messaging.delivery_kind'] = attempt.kind
    if (attempt.redrives > 0) fields['messaging.redrives'] = attempt.redrives
    if (moved?.originalDestination !== undefined) fields['messaging.original_destination'] = moved.originalDestination
    if (moved?.attempts !== undefined) fields['messaging.attempts_before'] = moved.attempts
    if (moved?.errorType !== undefined) fields['messaging.last_error_type'] = moved.errorType
    const origin = belief.origin ?? belief.creation
    if (origin !== undefined && origin.traceId !== span?.traceId) fields['messaging.origin_trace_id'] = origin.traceId
  } catch {
    // A log line must not fail for its decoration.
  }
  return fields
}
