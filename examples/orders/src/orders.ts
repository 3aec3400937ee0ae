/** An order, and how its payment goes. */
export interface Order {
  readonly id: string
  readonly story: string
  /** Attempts that fail before one works; `Infinity` for poison. */
  readonly failures: number
}

export const ORDERS: readonly Order[] = [
  { id: '1001', story: 'works at once', failures: 0 },
  { id: '1042', story: 'fails twice, then works', failures: 2 },
  { id: '1066', story: 'is poison and ends in the dead-letter queue', failures: Number.POSITIVE_INFINITY },
]

/** Attempts that the orders queue allows. */
export const MAX_ATTEMPTS = 3

class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

const calls = new Map<string, number>()

/** The payment provider of the worker: slow, and for some orders unavailable. */
export async function charge(id: string): Promise<void> {
  const call = (calls.get(id) ?? 0) + 1
  calls.set(id, call)
  await pause(40)
  const failures = ORDERS.find((order) => order.id === id)?.failures ?? 0
  if (call <= failures) throw new TimeoutError(`No answer from the bank for order ${id}`)
}

/** Stands for the work that a handler does. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
}
