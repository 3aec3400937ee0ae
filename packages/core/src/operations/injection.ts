import type { Context, SpanContext } from '@opentelemetry/api'
import type { Lineage, MoveFacts } from '../wire/history.ts'
import { boundedName } from '../base/bounds.ts'
import type { FieldChanges } from '../wire/carrier.ts'
import type { OutgoingMessage, Publication } from '../verdict/delivery.ts'
import { validSpanContext } from '../wire/format.ts'
import { formatLineage, LINEAGE_FIELD } from '../wire/lineage.ts'
import type { SkipReason } from '../otel/metrics.ts'
import { packMoveFacts, writeMoveFacts } from '../wire/move-facts.ts'
import type { Operation } from '../otel/operation.ts'
import type { Report } from '../base/report.ts'
import type { Runtime } from '../runtime.ts'
import { advance } from '../verdict/attempt-count.ts'
import { elsewhere } from '../verdict/verdict.ts'
import type { Plan } from './plan.ts'

/** What an adapter writes onto its copy of one message. */
export interface Injection {
  /** Header fields that replace all earlier ones; `undefined` for one that is only taken off. */
  readonly fields?: FieldChanges
  /** Because the context has no room among the fields: the span context for the broker's own slot. */
  readonly slot?: SpanContext
  /** Set on the copy of a received message whose producer is not trusted in full: no context of the old one may go on. */
  readonly anew?: true
}

/** What is written of a context. */
export interface Outgoing {
  /** `undefined`: its baggage is all that there is. */
  readonly context: SpanContext | undefined
  readonly fields: FieldChanges
}

/**
 * Messages that are taken together have one function that says whether fields fit, and one answer to the same fields. Made for each
 * call: V8 defines `#private` members one by one.
 */
export class Room {
  /** How many of the messages get fields. */
  count = 0
  injection: Injection | undefined
  private readonly measure: NonNullable<OutgoingMessage['fits']>
  private fields: FieldChanges | undefined
  private said: Set<SkipReason> | undefined

  constructor(fits: NonNullable<OutgoingMessage['fits']>) {
    this.measure = fits
  }

  /** Whether the message before was asked the same, and so has the same injection. */
  asked(fields: FieldChanges): boolean {
    if (fields === this.fields) return true
    this.fields = fields
    return false
  }

  holds(fields: FieldChanges, report: Report): boolean {
    try {
      return this.measure(fields, this.count)
    } catch (error) {
      report.failed('headers', error)
      return true
    }
  }

  /** Whether this is yet to be said: of messages that are taken together once. */
  isNew(reason: SkipReason): boolean {
    if (this.count > 1 && this.said?.has(reason) === true) return false
    this.said ??= new Set()
    this.said.add(reason)
    return true
  }
}

/** The rooms of a call, by what the messages that share one have in common. Nearly all calls have one. */
export class Rooms {
  private firstFits: OutgoingMessage['fits']
  private first: Room | undefined
  private others: Map<OutgoingMessage['fits'], Room> | undefined

  constructor(plans: readonly Plan[]) {
    for (const { act, message } of plans)
      if (act !== 'keep' && message.fits !== undefined) this.of(message.fits).count += 1
  }

  /** `undefined`: there is room for everything. */
  get(fits: OutgoingMessage['fits']): Room | undefined {
    return fits === this.firstFits ? this.first : this.others?.get(fits)
  }

  private of(fits: NonNullable<OutgoingMessage['fits']>): Room {
    let room = this.get(fits)
    if (room !== undefined) return room
    room = new Room(fits)
    if (this.first === undefined) {
      this.firstFits = fits
      this.first = room
    } else (this.others ??= new Map()).set(fits, room)
    return room
  }
}

/** @param keeps whether the message has the context already: where nothing of it can be written, its headers stay */
export function outgoingOf({ propagation, report }: Runtime, context: Context, keeps: boolean): Outgoing | undefined {
  let spanContext: SpanContext | undefined
  try {
    spanContext = validSpanContext(context)
  } catch (error) {
    report.failed('propagator', error)
    return undefined
  }
  const fields = propagation.fields(context, spanContext)
  if (fields === undefined && !keeps) return undefined
  return { context: spanContext, fields: fields ?? {} }
}

/** What becomes of a message for which no fields are chosen: what is not believed is taken off. */
function finished({ propagation }: Runtime, { distrusted, moved }: Plan, injection?: Injection): Injection | undefined {
  if (!distrusted) return injection
  const fields = injection?.fields ?? propagation.nothing()
  return moved === undefined ? { ...injection, fields } : { ...injection, fields, anew: true }
}

/**
 * Chooses what fits: everything, with the facts about a move packed into one header, without them, the essential part of
 * the context, the broker's own slot, or nothing. The send goes out anyway.
 *
 * @param around the first send of the journey that the work around the call is about
 */
export function inject(
  runtime: Runtime,
  publication: Publication,
  operation: Operation,
  plan: Plan,
  outgoing: Outgoing | undefined,
  room: Room | undefined,
  around: SpanContext | undefined,
): Injection | undefined {
  const { message, moved, receivedBaggage, first = around } = plan
  const written = moved && writeMoveFacts(moved.facts)
  const facts = written && Object.keys(written).length > 0 ? written : undefined
  const lineage =
    moved === undefined
      ? firstLineage(runtime, message, elsewhere(first, outgoing?.context?.traceId))
      : advance(moved.step)
  if (outgoing === undefined) {
    const stripped = finished(runtime, plan)
    const counted = moved && lineage && injectWithout(runtime, plan, lineage, facts)
    return stripped === undefined ? counted : { ...stripped, fields: { ...stripped.fields, ...counted?.fields } }
  }
  const { context } = outgoing
  const fields = receivedBaggage ? { ...outgoing.fields, baggage: outgoing.fields['baggage'] } : outgoing.fields
  const traced =
    lineage === undefined || (context === undefined && moved === undefined)
      ? fields
      : Object.assign({}, fields, { [LINEAGE_FIELD]: formatLineage(lineage, context) })
  const full = facts === undefined ? traced : Object.assign({}, traced, facts)
  if (room === undefined) return finished(runtime, plan, { fields: full })
  if (!room.asked(full)) {
    room.injection = room.holds(full, runtime.report)
      ? { fields: full }
      : injectLess(runtime, publication, operation, plan, outgoing, traced, facts && moved?.facts, lineage, room)
  }
  return finished(runtime, plan, room.injection)
}

/**
 * A copy that is given no context, because there is none or tracing is suppressed, yet counts its attempts and says where
 * the message was. It bears what context it came with, unless there is room for the count of a bounded retry alone.
 */
function injectWithout(
  runtime: Runtime,
  { message: { fits }, carried }: Plan,
  lineage: Lineage,
  facts: FieldChanges | undefined,
): Injection | undefined {
  const counted = { [LINEAGE_FIELD]: formatLineage(lineage, carried && validSpanContext(carried)) }
  const candidates: FieldChanges[] = [Object.assign({}, counted, facts), counted]
  if (lineage.maxAttempts !== undefined) candidates.push(countOf(runtime, lineage, undefined))
  const fields = candidates.find(
    (candidate) => fits === undefined || runtime.report.guard('headers', () => fits(candidate, 1)) !== false,
  )
  return fields && { fields }
}

/**
 * The first of: everything with the facts in one header, without them, without the journey, the essential part, the slot,
 * nothing. A retry that has a bound rather counts its attempts than that it bears a context.
 *
 * @param facts `undefined`: there are none
 */
function injectLess(
  runtime: Runtime,
  publication: Publication,
  operation: Operation,
  plan: Plan,
  { context }: Outgoing,
  traced: FieldChanges,
  facts: MoveFacts | undefined,
  lineage: Lineage | undefined,
  room: Room,
): Injection | undefined {
  const { slot } = plan.message
  const fitting = (candidate: FieldChanges): boolean => room.holds(candidate, runtime.report)
  const count = (reason: SkipReason): void => {
    if (!room.isNew(reason)) return
    runtime.metrics.of(operation)?.skipped(reason)
    const { name = 'its destination' } = plan.message.destination ?? publication.destination
    runtime.report.failed(
      'headers',
      new Error(`No room for all trace fields on a message to ${boundedName(name)} (${reason})`),
    )
  }
  if (facts !== undefined) {
    const packed = Object.assign({}, traced, packMoveFacts(facts))
    if (fitting(packed)) return { fields: packed }
    count('facts')
    if (fitting(traced)) return { fields: traced }
  }
  if (lineage?.journey !== undefined) {
    const shorter = withoutJourney(traced, lineage, context)
    if (fitting(shorter)) {
      count('journey')
      return { fields: shorter }
    }
  }
  const slotted = slot !== undefined && context !== undefined
  if (lineage?.maxAttempts !== undefined) {
    const counted = countOf(runtime, lineage, slotted ? context : undefined)
    if (fitting(counted)) {
      count(slotted ? 'broker_slot' : 'no_room')
      return slotted ? { fields: counted, slot: context } : { fields: counted }
    }
  }
  const essential = runtime.propagation.essential(traced)
  const least = essential && plan.receivedBaggage ? { ...essential, baggage: undefined } : essential
  if (least !== undefined && fitting(least)) {
    count('essential_only')
    return { fields: least }
  }
  const rest = slot === true && slotted ? { slot: context } : undefined
  count(rest === undefined ? 'no_room' : 'broker_slot')
  return rest
}

/** The least that a retry with a bound needs: its number. Its context is in the broker's own slot, where there is one. */
export function countOf({ propagation }: Runtime, lineage: Lineage, inSlot: SpanContext | undefined): FieldChanges {
  return { ...propagation.nothing(), [LINEAGE_FIELD]: formatLineage(lineage, inSlot) }
}

/** A first copy that has nothing else to say has no field of ours then. */
function withoutJourney(traced: FieldChanges, lineage: Lineage, context: SpanContext | undefined): FieldChanges {
  const { journey: _, ...rest } = lineage
  const says = Object.values(rest).some((value) => value !== undefined)
  return { ...traced, [LINEAGE_FIELD]: says ? formatLineage(rest, context) : undefined }
}

/** Lineage of a message's first copy: only where the consumer could not know these things otherwise. */
function firstLineage(
  { wish: relation }: Runtime,
  { delay, stampTime, deaths }: OutgoingMessage,
  journey: SpanContext | undefined,
): Lineage | undefined {
  const asked = delay !== undefined && delay > 0 ? delay : undefined
  if (asked === undefined && stampTime !== true && relation === undefined && deaths === undefined) {
    return journey && { journey }
  }
  return { sent: stampTime === true ? Date.now() : undefined, delay: asked, deaths, journey, relation }
}
