import { context as contexts } from '@opentelemetry/api'
import { MOVED_FIELDS, OURS, STANDARD } from './base/names.ts'
import { boundedName } from './base/bounds.ts'
import { elsewhere, firstSendOf, getWork } from './verdict/verdict.ts'
import { validSpanContext } from './wire/format.ts'

/** What a log line should say inside a handler. Flat, JSON-safe, absent keys left out. */
export type LogFields = Readonly<Record<string, string | number>>

/**
 * The fields that connect a log line to the attempt it was written in, under the names of the span's attributes, so that
 * one query finds both: `trace_id`, `span_id`, `trace_flags` (two hex digits) and, inside a handler of one message,
 * `messaging.destination.name`, `messaging.message.id`, `tracebaton.delivery.attempt`, and where there is something to
 * say `tracebaton.delivery.max_attempts`, `.kind` and `.redrives`, `tracebaton.origin.trace_id`,
 * `tracebaton.journey.trace_id`, and of a message that was moved `tracebaton.original_destination`,
 * `tracebaton.attempts_before` and `tracebaton.last_error_type`. Empty outside of any span. Never throws.
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
    const message = getWork(active)?.verdict
    if (message === undefined) return fields
    const { delivery, attempt, belief, moved } = message
    const { destination, facts } = delivery
    if (destination.name !== undefined) fields[STANDARD.destination[0]] = boundedName(destination.name)
    if (facts?.messageId !== undefined) fields[STANDARD.messageId[0]] = boundedName(facts.messageId)
    fields[OURS.attempt] = attempt.attempt
    if (attempt.maxAttempts !== undefined) fields[OURS.maxAttempts] = attempt.maxAttempts
    if (attempt.kind !== 'first') fields[OURS.kind] = attempt.kind
    if (attempt.redrives > 0) fields[OURS.redrives] = attempt.redrives
    if (moved?.originalDestination !== undefined) fields[MOVED_FIELDS.originalDestination] = moved.originalDestination
    if (moved?.attempts !== undefined) fields[MOVED_FIELDS.attempts] = moved.attempts
    if (moved?.errorType !== undefined) fields[MOVED_FIELDS.errorType] = moved.errorType
    const origin = belief.origin ?? belief.creation
    if (origin !== undefined && origin.traceId !== span?.traceId) fields[OURS.originTraceId] = origin.traceId
    const journey = elsewhere(firstSendOf(message), span?.traceId)
    if (journey !== undefined) fields[OURS.journeyTraceId] = journey.traceId
  } catch {
    // A log line must not fail for its decoration.
  }
  return fields
}
