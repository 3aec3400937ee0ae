import { context, createContextKey, trace, type Context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'

/** Gives asynchronous code its active context, as an SDK does when it is registered. */
export function useContexts(): void {
  context.disable()
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
}

const OWN = createContextKey('own')

/** Looks at what it is given, and activates a context that is derived from it. */
class DerivingContextManager extends AsyncLocalStorageContextManager {
  override with<Args extends unknown[], Fn extends (...args: Args) => ReturnType<Fn>>(
    given: Context,
    work: Fn,
    self?: ThisParameterType<Fn>,
    ...args: Args
  ): ReturnType<Fn> {
    const own = { before: given.getValue(OWN), span: trace.getSpan(given) }
    return super.with(given.setValue(OWN, own), work, self, ...args)
  }
}

/** The same as an SDK does that keeps values of its own in each context (Sentry). */
export function useDerivedContexts(): void {
  context.disable()
  context.setGlobalContextManager(new DerivingContextManager().enable())
}
