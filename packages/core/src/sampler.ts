import {
  diag,
  isSpanContextValid,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Link,
  type SpanContext,
  type SpanKind,
  type TraceState,
} from '@opentelemetry/api'
import { wordFor } from './base/given.ts'
import { OURS, STANDARD } from './base/names.ts'
import { givenRandomness, randomnessOfId, traceIdWith, withRandomness } from './wire/randomness.ts'

/** What a sampler answers; the shape of OpenTelemetry SDKs 2 and 3. `decision` 2 records and samples. */
export interface SamplingResult {
  readonly decision: 0 | 1 | 2
  readonly attributes?: Readonly<Attributes>
  readonly traceState?: TraceState
}

/** A sampler, in the shape of OpenTelemetry SDKs 2 and 3. */
export interface Sampler {
  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult
  toString(): string
}

/** How {@link journeySampler} decides about a span without a parent that links others. */
export interface JourneySamplerOptions {
  /**
   * `same-dice`: the root sampler decides, by the randomness of the newest link, which the new trace takes over. `follow`: as
   * the newest link was decided. `any`: sampled if one of the newest links, as many as `budget`, is. @default 'same-dice'
   */
  readonly mode?: 'same-dice' | 'follow' | 'any' | undefined
  /**
   * Of `any`: how many traces are looked at, the newest ones. No more than so many times the rate of producers is sampled,
   * however large the batches are. @default 3
   */
  readonly budget?: number | undefined
  /** Samples what went wrong, whatever else is decided. @default neither */
  readonly escalate?:
    | {
        /** From this attempt on, for example 2. @default none */
        readonly attempt?: number | undefined
        /** The attempts on a dead letter. @default false */
        readonly deadLetter?: boolean | undefined
      }
    | undefined
}

const [NOT_RECORD, RECORD_AND_SAMPLED] = [0, 2] as const

/**
 * Decides about the traces of consumers as about those of their producers, so that journeys over several traces are kept
 * whole or not at all.
 *
 * A span with a parent is decided as its parent was. A span without links that count is left to the root sampler. Links
 * of producers that are not trusted in full never count. Give it as `root` to `ParentBasedSampler`, or as the SDK's sampler.
 *
 * Never throws: instead of what is not valid, the default is taken, and the API's `diag` logger is told.
 *
 * @param given decides about traces that nothing was before: `TraceIdRatioBasedSampler`, or a composite sampler. Default:
 * samples everything
 */
export function journeySampler(given: Sampler, options: JourneySamplerOptions = {}): Sampler {
  const { mode: givenMode, budget: givenBudget, escalate } = options ?? {}
  const [wanted, most] = [givenMode ?? 'same-dice', givenBudget ?? 3]
  const root = valid('root', given, isSampler(given), 'a sampler', EVERYTHING)
  const mode = valid('mode', wanted, MODES.includes(wanted), MODES.join(', '), 'same-dice')
  const budget = valid('budget', most, most >= 1, 'a number from 1 on', 3)
  const decide = mode === 'follow' ? follow : mode === 'any' ? anyOf(budget) : sameDice
  const byLinks = (links: readonly Link[], attributes: Attributes, ask: Ask): SamplingResult | undefined => {
    try {
      const newest = newestIn(links)
      return newest && decide(newest, links, attributes, ask)
    } catch {
      // Links are the application's, too: what cannot be read decides nothing. Where it was the root sampler, it is asked again.
      return undefined
    }
  }
  return {
    shouldSample(context, traceId, spanName, spanKind, attributes, links) {
      const ask = (id: string): SamplingResult => root.shouldSample(context, id, spanName, spanKind, attributes, links)
      const parent = trace.getSpanContext(context)
      if (parent !== undefined && isSpanContextValid(parent)) {
        return { decision: isSampled(parent) ? RECORD_AND_SAMPLED : NOT_RECORD }
      }
      const result = byLinks(links, attributes, ask) ?? ask(traceId)
      if (!escalate || result.decision === RECORD_AND_SAMPLED) return result
      const reason = reasonIn(attributes, escalate)
      return reason === undefined ? result : escalated(result, reason)
    },
    toString: () => `JourneySampler{${mode}, root=${root.toString()}}`,
  }
}

const MODES: readonly unknown[] = ['same-dice', 'follow', 'any']

/** As the SDK's sampler for parents does where it is given none. */
const EVERYTHING: Sampler = {
  shouldSample: () => ({ decision: RECORD_AND_SAMPLED }),
  toString: () => 'everything',
}

function isSampler(given: unknown): boolean {
  return typeof (given as Partial<Sampler> | undefined)?.shouldSample === 'function'
}

function valid<Value>(name: string, value: Value, isValid: boolean, words: string, instead: Value): Value {
  if (isValid) return value
  diag.warn(`tracebaton: The option ${name} of journeySampler is ${wordFor(value)}; it has to be ${words}`)
  return instead
}

/**
 * Samples a span that links a sampled one, however many it links, and asks the inner sampler about every other span. Give it
 * to `ParentBasedSampler` as `root`.
 *
 * @deprecated It samples a batch more often than each of its messages was: {@link journeySampler} keeps the rate.
 */
export function linkAwareSampler(inner: Sampler): Sampler {
  return {
    shouldSample(context, traceId, spanName, spanKind, attributes, links) {
      const isLinked = links.some((link) => counts(link) && isSampled(link.context))
      return isLinked
        ? { decision: RECORD_AND_SAMPLED }
        : inner.shouldSample(context, traceId, spanName, spanKind, attributes, links)
    },
    toString: () => `LinkAwareSampler{${inner.toString()}}`,
  }
}

/** @param newest the last link that counts */
type Decide = (
  newest: Link,
  links: readonly Link[],
  attributes: Attributes,
  ask: (traceId: string) => SamplingResult,
) => SamplingResult

function follow({ context }: Link): SamplingResult {
  return { decision: isSampled(context) ? RECORD_AND_SAMPLED : NOT_RECORD }
}

/**
 * The chance that one of n traces is sampled is at most n times the rate of each. The batch that a message is handled in is
 * sampled more often than that: it is only looked at where the message has nothing else.
 */
function anyOf(budget: number): Decide {
  return (_, links) => {
    const seen = new Set<string>()
    for (let index = links.length - 1; index >= 0 && seen.size < budget; index--) {
      const link = links[index]
      if (link === undefined || !counts(link)) continue
      if (seen.size > 0 && link.attributes?.[OURS.linkRole] === 'batch') continue
      if (isSampled(link.context)) return { decision: RECORD_AND_SAMPLED }
      seen.add(link.context.traceId)
    }
    return { decision: NOT_RECORD }
  }
}

/**
 * The root sampler is asked about the trace that was decided about first, so that one sampler gives one answer for a whole
 * journey, and samplers of several rates give answers of which the smaller is part of the larger.
 */
function sameDice({ context, attributes: onLink }: Link, _: unknown, attributes: Attributes, ask: Ask): SamplingResult {
  const { traceId, traceState } = context
  const given = givenRandomness(traceState)
  const first = attributes[OURS.journeyTraceId] ?? onLink?.[OURS.journeyTraceId]
  const asked = given === undefined ? traceId : idWith(given, traceId, first)
  const { decision, attributes: said, traceState: own } = ask(asked)
  const passedOn = withRandomness(own, given ?? randomnessOfId(traceId), traceState)
  return said === undefined ? { decision, traceState: passedOn } : { decision, attributes: said, traceState: passedOn }
}

type Ask = Parameters<Decide>[3]

/** The trace that a randomness comes from, where that is known: samplers that do not know of the randomness look at all of it. */
function idWith(randomness: string, linked: string, first: unknown): string {
  if (randomnessOfId(linked) === randomness) return linked
  return typeof first === 'string' && randomnessOfId(first) === randomness ? first : traceIdWith(randomness)
}

function newestIn(links: readonly Link[]): Link | undefined {
  for (let index = links.length - 1; index >= 0; index--) {
    const link = links[index]
    if (link !== undefined && counts(link)) return link
  }
  return undefined
}

/** Whether a link may decide. One to a span that was never begun names no trace, and one of the application may have no context. */
function counts({ attributes, context }: Link): boolean {
  return attributes?.[OURS.linkDecides] !== false && Boolean(context) && isSpanContextValid(context)
}

function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0
}

function reasonIn(
  attributes: Attributes,
  { attempt, deadLetter }: NonNullable<JourneySamplerOptions['escalate']>,
): 'dead_letter' | 'attempt' | undefined {
  const isDead = attributes[OURS.kind] === 'dead_letter' || attributes[OURS.deadLetterSource] !== undefined
  if (deadLetter === true && isDead) return 'dead_letter'
  // A first attempt does not say so when its span starts, and other spans are none.
  const number = attributes[OURS.attempt] ?? (attributes[STANDARD.operationType[0]] === 'process' ? 1 : undefined)
  return attempt != null && Number(number) >= attempt ? 'attempt' : undefined
}

/** Such a span stands for itself alone: its trace state has no threshold, because its sampler did not take it. */
function escalated({ attributes, traceState }: SamplingResult, reason: string): SamplingResult {
  return {
    decision: RECORD_AND_SAMPLED,
    attributes: { ...attributes, [OURS.samplingReason]: reason },
    ...(traceState !== undefined && { traceState }),
  }
}
