import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'

/** Gives asynchronous code its active context, as an SDK does when it is registered. */
export function useContexts(): void {
  context.disable()
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
}
