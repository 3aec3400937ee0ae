import type { SpanContext } from '@opentelemetry/api'
import { keyOf } from '../memory/bounded.ts'
import type { Verdict, Work } from '../verdict/verdict.ts'
import { decodeText } from '../wire/carrier.ts'
import { idsOf, sameSpan } from '../wire/traceparent.ts'

/** The message being worked on, or the first of the batch, that came with this context. */
export function messageWithContext(work: Work | undefined, context: SpanContext): Verdict | undefined {
  if (work?.batch !== undefined) return indexOf(work.batch, contextKey).get(idsOf(context))
  return sameSpan(work?.verdict?.extracted.creation, context) ? work?.verdict : undefined
}

/** The same by its baggage. */
export function messageWithBaggage(work: Work | undefined, baggage: readonly unknown[]): Verdict | undefined {
  if (work?.batch !== undefined) return indexOf(work.batch, baggageKey).get(keyOfBaggage(baggage))
  return work?.verdict !== undefined && hasBaggage(work.verdict, baggage) ? work.verdict : undefined
}

/** Whether a message came with this baggage. */
export function hasBaggage({ extracted }: Verdict, baggage: readonly unknown[]): boolean {
  const own = extracted.baggage
  return own?.length === baggage.length && own.every((value, index) => decodeText(value) === decodeText(baggage[index]))
}

/** What the messages of a batch are known by. */
type KeyIn = (verdict: Verdict) => string | undefined

const contextKey: KeyIn = ({ extracted: { creation } }) => creation && idsOf(creation)
const baggageKey: KeyIn = ({ extracted: { baggage } }) => baggage && keyOfBaggage(baggage)

function keyOfBaggage(baggage: readonly unknown[]): string {
  return keyOf(JSON.stringify(baggage.map(decodeText)))
}

/** Made once for a batch: who sends as many messages as came would look through all of them for each. */
const indexes = new WeakMap<readonly Verdict[], Map<KeyIn, Map<string, Verdict>>>()

function indexOf(batch: readonly Verdict[], keyIn: KeyIn): ReadonlyMap<string, Verdict> {
  let known = indexes.get(batch)
  if (known === undefined) indexes.set(batch, (known = new Map()))
  let index = known.get(keyIn)
  if (index === undefined) {
    known.set(keyIn, (index = new Map()))
    for (const verdict of batch) {
      const key = keyIn(verdict)
      if (key !== undefined && !index.has(key)) index.set(key, verdict)
    }
  }
  return index
}
