import { createNoopMeter, ProxyTracerProvider } from '@opentelemetry/api'
import { processWide, SHARED } from './base/shared-state.ts'
import type { TracingOptions } from './options.ts'
import { OPTION_NAMES } from './read-options.ts'

/** Gives the options of the moment: the same object as long as they stay the same. `undefined`: nothing is traced. */
export type FollowedOptions = () => TracingOptions | undefined

const followed = processWide(SHARED.followed, () => new WeakMap<object, FollowedOptions>())

/** Options by which nothing is recorded, whatever is registered. */
export const NOTHING_RECORDED: TracingOptions = {
  tracerProvider: new ProxyTracerProvider(),
  meterProvider: { getMeter: () => createNoopMeter() },
}

/**
 * Makes what adapters take as `{ tracing }`, of options that may change later: whatever was wrapped with it is traced as
 * they say at the time, and passes everything on as long as there are none. Another version of core reads them once.
 */
export function followOptions(current: FollowedOptions): { readonly options: TracingOptions } {
  const options = {}
  for (const name of OPTION_NAMES as readonly (keyof TracingOptions)[]) {
    Object.defineProperty(options, name, { get: () => current()?.[name], enumerable: true })
  }
  followed.set(options, current)
  return { options }
}

/** What gives the options of the moment; `undefined`: these stay as they are. */
export function followedBy(options: object): FollowedOptions | undefined {
  return followed.get(options)
}
