import type { Context, SpanContext } from '@opentelemetry/api'
import { boundedName } from '../base/text.ts'
import type { Fields } from '../wire/carrier.ts'
import type { OutgoingMessage, Publication } from '../verdict/delivery.ts'
import { validSpanContext } from '../wire/format.ts'
import { formatLineage, LINEAGE_FIELD, type Lineage } from '../wire/lineage.ts'
import type { SkipReason } from '../otel/metrics.ts'
import { packMoveFacts, writeMoveFacts, type MoveFacts } from '../wire/move-facts.ts'
import type { Operation } from '../otel/operation.ts'
import type { Report } from '../base/report.ts'
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

/** Messages that are taken together have one function that says whether fields fit, and one answer to the same fields. */
export class Room {
  /** How many of the messages get fields. */
  count = 0
  injection: Injection | undefined
  #fits: OutgoingMessage['fits']
  #fields: Fields | undefined
  #said: Set<SkipReason> | undefined
  readonly #plans: readonly { readonly act: string; readonly message: OutgoingMessage }[]

  constructor(plans: readonly { readonly act: string; readonly message: OutgoingMessage }[]) {
    this.#plans = plans
  }

  /** Whether the message before was asked the same, and so has the same injection. */
  asked(fits: OutgoingMessage['fits'], fields: Fields): boolean {
    if (fits === this.#fits && fields === this.#fields) return true
    if (fits !== this.#fits) {
      this.count = 0
      for (const { act, message } of this.#plans) if (act !== 'keep' && message.fits === fits) this.count += 1
    }
    this.#fits = fits
    this.#fields = fields
    return false
  }

  holds(fields: Fields, report: Report): boolean {
    try {
      return this.#fits?.(fields, this.count) !== false
    } catch (error) {
      report.failed('headers', error)
      return true
    }
  }

  /** Whether this is yet to be said: of messages that are taken together once. */
  isNew(reason: SkipReason): boolean {
    if (this.count > 1 && this.#said?.has(reason) === true) return false
    this.#said ??= new Set()
    this.#said.add(reason)
    return true
  }
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
  room: Room | undefined,
): Injection | undefined {
  const written = moved && writeMoveFacts(moved.facts)
  const facts = written && Object.keys(written).length > 0 ? written : undefined
  const lineage = moved === undefined ? firstLineage(runtime, message) : advance(moved.step)
  if (outgoing === undefined) return moved && lineage && injectWithout(runtime, message, lineage, facts)
  const { context, fields } = outgoing
  const traced =
    lineage === undefined ? fields : Object.assign({}, fields, { [LINEAGE_FIELD]: formatLineage(lineage, context) })
  const full = facts === undefined ? traced : Object.assign({}, traced, facts)
  if (room === undefined || message.fits === undefined) return { fields: full }
  if (!room.asked(message.fits, full)) {
    room.injection = room.holds(full, runtime.report)
      ? { fields: full }
      : injectLess(runtime, publication, operation, message, outgoing, traced, facts && moved?.facts, room)
  }
  return room.injection
}

/** Without an SDK a message that never had a context gets none, and yet counts its attempts and says where it was. */
function injectWithout(
  { report }: Runtime,
  { fits }: OutgoingMessage,
  lineage: Lineage,
  facts: Fields | undefined,
): Injection | undefined {
  const counted = { [LINEAGE_FIELD]: formatLineage(lineage, undefined) }
  const fields = [Object.assign({}, counted, facts), counted].find(
    (candidate) => fits === undefined || report.guard('headers', () => fits(candidate, 1)) !== false,
  )
  return fields && { fields }
}

/**
 * The first of: everything with the facts in one header, without them, the essential part, the slot, nothing.
 *
 * @param facts `undefined`: there are none
 */
function injectLess(
  runtime: Runtime,
  publication: Publication,
  operation: Operation,
  { slot }: OutgoingMessage,
  { context }: Outgoing,
  traced: Fields,
  facts: MoveFacts | undefined,
  room: Room,
): Injection | undefined {
  const fitting = (candidate: Fields): boolean => room.holds(candidate, runtime.report)
  const count = (reason: SkipReason): void => {
    if (!room.isNew(reason)) return
    runtime.metrics.of(operation)?.skipped(reason)
    const where = boundedName(publication.destination.name ?? 'its destination')
    runtime.report.failed('headers', new Error(`No room for all trace fields on a message to ${where} (${reason})`))
  }
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
