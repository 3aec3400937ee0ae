import type { RecordedSpan } from '../../src/spans/span.ts'
import { at, attempt, messaging } from '../journey-story.ts'

/** A trace id of its own for each number. */
export const traceOf = (number: number): string => number.toString(16).padStart(32, '0')

/** A send and the attempts of its message, in one trace. */
export function journeyOf(number: number, attempts = 1): RecordedSpan[] {
  const place = { traceId: traceOf(number), attributes: at(number) }
  const send = messaging(`${number}s`, 'send', 'orders', place)
  const tried: RecordedSpan[] = []
  for (let count = 1; count <= attempts; count += 1) {
    const before = tried.at(-1)
    tried.push(attempt(`${number}p${count}`, send, count, { attributes: at(number), ...(before && { before }) }))
  }
  return [send, ...tried]
}
