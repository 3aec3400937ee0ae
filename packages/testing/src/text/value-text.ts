import { inspect } from 'node:util'

/** An attribute's value for people: texts as they are, everything else on one line. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY })
}
