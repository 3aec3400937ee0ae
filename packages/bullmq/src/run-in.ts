import { context as contexts, type Context } from '@opentelemetry/api'
import type { Tracing } from '@tracebaton/core'

/** Calls `work` exactly once, in the given context, even where the context manager fails. */
export function runIn<Result>(tracing: Tracing, context: Context, work: () => Result): Result {
  let ending: { readonly value: Result } | { readonly error: unknown } | undefined
  const call = (): void => {
    try {
      ending = { value: work() }
    } catch (error) {
      ending = { error }
    }
  }
  tracing.guard(() => contexts.with(context, call))
  if (ending === undefined) call()
  const ended = ending as unknown as { readonly value: Result } | { readonly error: unknown }
  if ('error' in ended) throw ended.error
  return ended.value
}
