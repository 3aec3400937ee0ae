import type { Elsewhere } from '../rules/evidence.ts'
import { hasAllLinks, isBatch, staysInStory } from '../spans/facts.ts'
import { spanKey, type RecordedSpan } from '../spans/span.ts'
import { createKeyTable, grown } from './key-table.ts'

/**
 * What stories say of each other: the sends that a batch links, and the batches that single messages link. It takes some
 * 20 bytes for each send and each such link, so that a batch is judged although its messages are long gone, or still to
 * come.
 */
export interface NamedSpans extends Elsewhere {
  readonly size: number
  /** Takes spans in a first pass: notes those that they name, and whether they are named themselves. */
  add(spans: readonly RecordedSpan[]): void
  /** Takes spans in a second pass: those that stand before the one that names them. */
  see(spans: readonly RecordedSpan[]): void
}

/** Of a span that was named: it has not been seen; it has, and does not say whether it was sampled; it was not; it was. */
const [unseen, silent, unsampled, sampled] = [0, 1, 2, 3]

/** Knows no spans yet. */
export function createNamedSpans(): NamedSpans {
  const keys = createKeyTable()
  let states = new Uint8Array(1024)

  function note(key: string): void {
    const number = keys.add(key)
    if (number >= states.length) states = grown(states, number * 2)
  }

  function noteNames(span: RecordedSpan): void {
    const whole = isBatch(span) && hasAllLinks(span)
    if (whole) note(membersOf(span))
    for (const link of span.links) {
      if (staysInStory(span, link)) continue
      note(spanKey(link))
      if (whole) note(membersOf(span) + spanKey(link))
    }
  }

  function see(spans: readonly RecordedSpan[]): void {
    if (keys.size === 0) return
    for (const span of spans) {
      const number = keys.find(spanKey(span))
      if (number === undefined) continue
      const { traceFlags } = span
      states[number] = traceFlags === undefined ? silent : (traceFlags & 1) === 1 ? sampled : unsampled
    }
  }

  return {
    get size() {
      return keys.size
    },
    add(spans) {
      for (const span of spans) if (span.links.length > 0 || isBatch(span)) noteNames(span)
      see(spans)
    },
    see,
    flagsOf(span) {
      const number = keys.find(spanKey(span))
      const state = number === undefined ? unseen : states[number]
      if (state === undefined || state === unseen) return undefined
      return state === silent ? null : state - unsampled
    },
    isMember(batch, send) {
      return keys.find(membersOf(batch)) === undefined
        ? undefined
        : keys.find(membersOf(batch) + spanKey(send)) !== undefined
    },
  }
}

function membersOf(batch: Parameters<typeof spanKey>[0]): string {
  return `${spanKey(batch)}>`
}
