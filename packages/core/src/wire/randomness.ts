import type { TraceState } from '@opentelemetry/api'
import { traceStateOf } from './tracestate.ts'

/**
 * The randomness that consistent samplers decide by: 56 bits, as 14 hex digits. A trace has it in the member `ot` of its
 * trace state as `rv`, else it is the end of the trace id.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/
 */
const RANDOMNESS = /^rv:[0-9a-f]{14}$/
const MEMBER = 'ot'
/** Characters of the member, at most. */
const LONGEST = 256
/** Characters of a trace state with the randomness, and with nothing else. */
const ALONE = 'ot=rv:'.length + 14
/** Where the randomness begins in a trace id. */
const ID_START = 18
const PAIR = /^[a-z][a-z0-9]*:[A-Za-z0-9._-]*$/

/** The randomness in a trace state; `undefined`: there is none that can be read. */
export function givenRandomness(traceState: TraceState | undefined): string | undefined {
  if (traceState === undefined) return undefined
  const value = traceState.get(MEMBER)
  if (value === undefined) return undefined
  // Nearly always there is nothing else.
  if (RANDOMNESS.test(value)) return value.slice(3)
  return pairsIn(value)
    .find((pair) => pair.startsWith('rv:'))
    ?.slice(3)
}

/** The randomness that a trace id stands for. */
export function randomnessOfId(traceId: string): string {
  return traceId.slice(ID_START)
}

/**
 * A trace id about which every sampler of ratios decides by the randomness alone. A consistent one reads its last 56 bits
 * and keeps what is large. The SDK's `TraceIdRatioBasedSampler` folds its four words by XOR and keeps what is small: the
 * fold is the complement of the first 32 bits of the randomness.
 */
export function traceIdWith(randomness: string): string {
  const folded = ~Number.parseInt(randomness.slice(0, 8), 16)
  const rest = 1 ^ Number.parseInt(randomness.slice(0, 6), 16) ^ Number.parseInt(randomness.slice(6), 16)
  return `${word(folded ^ rest)}${word(1)}00${randomness}`
}

/**
 * A trace state with the randomness of another trace, and with what that one's `ot` says beside it. What is there already
 * stays: a randomness, too. Its threshold is not taken, because it tells how that trace was sampled.
 *
 * @param traceState as the sampler gave it
 */
export function withRandomness(
  traceState: TraceState | undefined,
  randomness: string,
  from: TraceState | undefined,
): TraceState {
  const own = traceState?.get(MEMBER)
  const other = from?.get(MEMBER)
  if (traceState === undefined) {
    if (other === undefined) return traceStateOf(MEMBER, `rv:${randomness}`)
    // Nearly always there is nothing else, and the list goes on as it is.
    if (other.startsWith('rv:') && other.endsWith(randomness) && from?.serialize().length === ALONE) return from
  }
  const pairs = new Map<string, string>()
  const add = (pair: string): void => {
    const key = keyOf(pair)
    if (!pairs.has(key)) pairs.set(key, pair)
  }
  add(`rv:${givenRandomness(traceState) ?? randomness}`)
  pairsIn(own).forEach(add)
  for (const pair of pairsIn(other)) if (keyOf(pair) !== 'th') add(pair)
  const kept = [...pairs.values()]
  while (kept.join(';').length > LONGEST) kept.pop()
  const value = kept.join(';')
  return traceState === undefined ? traceStateOf(MEMBER, value) : traceState.set(MEMBER, value)
}

/** The pairs of the member that can be read. */
function pairsIn(value: string | undefined): string[] {
  if (value === undefined || value.length > LONGEST) return []
  return value.split(';').filter((pair) => (pair.startsWith('rv:') ? RANDOMNESS : PAIR).test(pair))
}

function keyOf(pair: string): string {
  return pair.slice(0, pair.indexOf(':'))
}

/** 32 bits as hex digits. */
function word(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, '0')
}
