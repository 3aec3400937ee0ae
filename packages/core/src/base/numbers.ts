/** Whether a number may stand on a span: one that 64-bit integers and JSON cannot hold costs the whole export. */
export function isBounded(value: number): boolean {
  return Math.abs(value) <= 2 ** 53
}

/** Whether something is a count, of which some may be added. Brokers and producers write other things in its place. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= 2 ** 51
}
