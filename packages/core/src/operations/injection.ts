import type { Context, SpanContext } from '@opentelemetry/api'
import { boundedName } from '../base/text.ts'
import type { Fields } from '../wire/carrier.ts'
import type { OutgoingMessage, Publication } from '../verdict/delivery.ts'
import { validSpanContext } from '../wire/format.ts'
import { formatLineage, LINEAGE_FIELD, type Lineage } from '../wire/lineage.ts'
import type { SkipReason } from '../otel/metrics.ts'
import { packMoveFacts, writeMoveFacts, type MoveFacts } from '../wire/move-facts.ts'
import type { Operation } from '../otel/operation.ts'
import type { Runtime } from '../runtime.ts'
import { advance, type Step } from '../verdict/attempt-count.ts'

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

export function fieldsFor({ propagation }: Runtime, context: Context): Outgoing | undefined {
  const fields = propagation.fields(context)
  const spanContext = fields && validSpanContext(context)
  return fields === undefined || spanContext === undefined ? undefined : { context: spanContext, fields }
}

/**
 * Chooses what fits: everything, with the facts about a move packed into one header, without them, the essential part of
 * the context, the broker's own slot, or nothing. The send goes out anyway.
 */
export function inject(
  runtime: Runtime,
  publication: Publication,
  operation: Operation,
  {
    message,
    moved,
  }: {
    readonly message: OutgoingMessage
    readonly moved: { readonly step: Step; readonly facts: MoveFacts } | undefined
  },
  outgoing: Outgoing | undefined,
): Injection | undefined {
  const written = moved && writeMoveFacts(moved.facts)
  const facts = written && Object.keys(written).length > 0 ? written : undefined
  // Without an SDK a message that never had a context gets none, and yet says where it was.
  if (outgoing === undefined) return facts && { fields: facts }
  const { context, fields } = outgoing
  const lineage = moved === undefined ? firstLineage(runtime, message) : advance(moved.step)
  const traced =
    lineage === undefined ? fields : Object.assign({}, fields, { [LINEAGE_FIELD]: formatLineage(lineage, context) })
  const full = facts === undefined ? traced : Object.assign({}, traced, facts)
  if (message.fits === undefined) return { fields: full }
  return injectWhatFits(runtime, publication, operation, message, outgoing, traced, full, facts && moved?.facts)
}

/**
 * The first of: everything, with the facts in one header, without them, the essential part, the slot, nothing.
 *
 * @param facts `undefined`: there are none, and `full` is `traced`
 */
function injectWhatFits(
  runtime: Runtime,
  publication: Publication,
  operation: Operation,
  { fits, slot }: OutgoingMessage,
  { context }: Outgoing,
  traced: Fields,
  full: Fields,
  facts: MoveFacts | undefined,
): Injection | undefined {
  const fitting = (candidate: Fields): boolean => runtime.report.guard('headers', () => fits?.(candidate)) !== false
  const count = (reason: SkipReason): void => {
    runtime.metrics.of(operation)?.skipped(reason)
    const where = boundedName(publication.destination.name ?? 'its destination')
    runtime.report.failed('headers', new Error(`No room for all trace fields on a message to ${where} (${reason})`))
  }
  if (fitting(full)) return { fields: full }
  if (facts !== undefined) {
    const packed = Object.assign({}, traced, packMoveFacts(facts))
    if (fitting(packed)) return { fields: packed }
    count('facts')
    if (fitting(traced)) return { fields: traced }
  }
  const essential = runtime.propagation.essential(traced)
  if (essential !== undefined && fitting(essential)) {
    count('essential_only')
    return { fields: essential }
  }
  count(slot === true ? 'broker_slot' : 'no_room')
  return slot === true ? { slot: context } : undefined
}

/** Lineage of a message's first copy: only where the consumer could not know these things otherwise. */
function firstLineage({ wish: relation }: Runtime, { delay, stampTime, deaths }: OutgoingMessage): Lineage | undefined {
  const asked = delay !== undefined && delay > 0 ? delay : undefined
  if (asked === undefined && stampTime !== true && relation === undefined && deaths === undefined) return undefined
  return { sent: stampTime === true ? Date.now() : undefined, delay: asked, deaths, relation }
}
