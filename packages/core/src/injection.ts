import type { Context, SpanContext } from '@opentelemetry/api'
import type { Fields } from './carrier.ts'
import type { OutgoingMessage, Publication } from './delivery.ts'
import { validSpanContext } from './format.ts'
import { formatLineage, LINEAGE_FIELD, type Lineage } from './lineage.ts'
import type { Operation } from './operation.ts'
import type { Plan } from './plan.ts'
import type { Runtime } from './runtime.ts'

/** What an adapter writes onto its copy of one message. */
export interface Injection {
  /** Header fields that replace all earlier ones. */
  readonly fields?: Fields
  /** Instead of fields: the span context for the broker's own slot. */
  readonly slot?: SpanContext
}

/** A context, and how it is written. */
export interface Outgoing {
  readonly context: SpanContext
  readonly fields: Fields
}

export function fieldsFor(runtime: Runtime, context: Context): Outgoing | undefined {
  const fields = runtime.propagation.fields(context)
  const spanContext = runtime.report.guard('span', () => validSpanContext(context))
  return fields === undefined || spanContext === undefined ? undefined : { context: spanContext, fields }
}

/** Chooses what fits: everything, the essential part, the broker's own slot, or nothing; the send goes out anyway. */
export function inject(
  runtime: Runtime,
  publication: Publication,
  operation: Operation,
  item: Plan,
  outgoing: Outgoing | undefined,
): Injection | undefined {
  if (outgoing === undefined) return undefined
  const { context, fields } = outgoing
  const lineage = movedLineage(item) ?? firstLineage(runtime, item.message, context)
  const full = lineage === undefined ? fields : Object.assign({}, fields, { [LINEAGE_FIELD]: formatLineage(lineage) })

  const { fits, slot } = item.message
  const fitting = (candidate: Fields): boolean =>
    fits === undefined || runtime.report.guard('headers', () => fits(candidate)) !== false
  if (fitting(full)) return { fields: full }

  const essential = runtime.propagation.essential(full)
  const count = (reason: 'essential_only' | 'broker_slot' | 'no_room'): void => {
    runtime.metrics.skipped(operation.labels, reason)
    runtime.report.failed(
      'headers',
      new Error(
        `No room for all trace fields on a message to ${publication.destination.name ?? 'its destination'} (${reason})`,
      ),
    )
  }
  if (essential !== undefined && fitting(essential)) {
    count('essential_only')
    return { fields: essential }
  }
  count(slot === true ? 'broker_slot' : 'no_room')
  return slot === true ? { slot: context } : undefined
}

/** Lineage of a copy that is a move. */
function movedLineage({ lineage, message }: Plan): Lineage | undefined {
  return lineage !== undefined && message.stampTime === true ? { ...lineage, sent: Date.now() } : lineage
}

/** Lineage of a message's first copy: only where the consumer could not know these things otherwise. */
function firstLineage(runtime: Runtime, message: OutgoingMessage, creation: SpanContext): Lineage | undefined {
  const delay = message.delay !== undefined && message.delay > 0 ? message.delay : undefined
  if (delay === undefined && message.stampTime !== true && runtime.wish === undefined) return undefined
  const now = Date.now()
  return {
    creation,
    ...(message.stampTime === true && { firstSent: now, sent: now }),
    ...(delay !== undefined && { delay }),
    ...(runtime.wish !== undefined && { relation: runtime.wish }),
  }
}
