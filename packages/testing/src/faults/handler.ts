/** A handler of messages, whatever it is called with. */
export type Handler<Parameters extends readonly unknown[], Result> = (...parameters: Parameters) => Result

/** When a handler fails. */
export interface FailingOptions<Parameters extends readonly unknown[]> {
  /** What tells messages apart, so that each fails so often. @default all calls count together */
  readonly by?: (...parameters: Parameters) => unknown
  /** @default an Error that says which call it is */
  readonly error?: (attempt: number) => unknown
}

/** A handler that fails the first times and then does its work, as if the world had been repaired. */
export function failing<Parameters extends readonly unknown[], Result>(
  times: number,
  handler: Handler<Parameters, Result>,
  options: FailingOptions<Parameters> = {},
): Handler<Parameters, Result> {
  const { by, error = (attempt: number) => new Error(`Failure ${attempt} of ${times}, on purpose`) } = options
  const counts = new Map<unknown, number>()
  return alike(handler, (...parameters) => {
    const key = by?.(...parameters)
    const attempt = (counts.get(key) ?? 0) + 1
    counts.set(key, attempt)
    if (attempt <= times) throw error(attempt)
    return handler(...parameters)
  })
}

/**
 * A handler in whose midst the process dies, without a chance to settle or to flush anything. For a child process.
 *
 * @param die how; by default the process kills itself
 */
export function crashing<Parameters extends readonly unknown[], Result>(
  times: number,
  handler: Handler<Parameters, Result>,
  die: () => unknown = () => process.kill(process.pid, 'SIGKILL'),
): Handler<Parameters, Result | Promise<never>> {
  let calls = 0
  return alike<Parameters, Result | Promise<never>>(handler, (...parameters) => {
    calls += 1
    if (calls > times) return handler(...parameters)
    die()
    // Until the signal arrives nothing may be settled.
    return new Promise<never>(() => {})
  })
}

/** A handler that gets every message twice, one after the other, as brokers promise that it may. Gives the second result. */
export function redelivered<Parameters extends readonly unknown[], Result>(
  handler: Handler<Parameters, Result | Promise<Result>>,
): Handler<Parameters, Promise<Result>> {
  return alike<Parameters, Promise<Result>>(handler, async (...parameters) => {
    await handler(...parameters)
    return await handler(...parameters)
  })
}

/** A handler that begins some ms later. */
export function delayed<Parameters extends readonly unknown[], Result>(
  ms: number,
  handler: Handler<Parameters, Result | Promise<Result>>,
): Handler<Parameters, Promise<Result>> {
  return alike<Parameters, Promise<Result>>(handler, async (...parameters) => {
    await new Promise((resolve) => {
      setTimeout(resolve, ms)
    })
    return await handler(...parameters)
  })
}

/** Messages in another order; by default the last one first. */
export function reordered<Message>(messages: readonly Message[], order?: readonly number[]): Message[] {
  if (order === undefined) return messages.toReversed()
  return order.flatMap((index) => messages.slice(index, index + 1))
}

// Clients look at the number of parameters: BullMQ hands its abort signal only to a function that has three.
function alike<Parameters extends readonly unknown[], Result>(
  handler: Handler<Parameters, unknown>,
  changed: Handler<Parameters, Result>,
): Handler<Parameters, Result> {
  return Object.defineProperty(changed, 'length', { value: handler.length })
}
