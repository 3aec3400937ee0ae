import { createNoopMeter, ProxyTracerProvider } from '@opentelemetry/api'
import { processWide, SHARED } from './base/shared-state.ts'
import type { TracingOptions } from './options.ts'
import { OPTION_NAMES } from './read-options.ts'

/** Gives the options of the moment: the same object as long as they stay the same. `undefined`: nothing is traced. */
export type FollowedOptions = () => TracingOptions | undefined

/** Who follows options that may change, in whichever copy of core. */
export interface Followed {
  readonly current: FollowedOptions
  /** Called after each change. */
  readonly followers: Set<() => void>
}

const followed = processWide(SHARED.followed, () => new WeakMap<object, Followed>())

/** Options by which nothing is recorded, whatever is registered. */
export const NOTHING_RECORDED: TracingOptions = {
  tracerProvider: new ProxyTracerProvider(),
  meterProvider: { getMeter: () => createNoopMeter() },
}

/** What adapters take as `{ tracing }`, of options that may change later. */
export interface FollowingTracing {
  readonly options: TracingOptions
  /** To be called after each change. Never throws. */
  readonly changed: () => void
}

/**
 * Makes what adapters take as `{ tracing }`, of options that may change later: whatever was wrapped with it is traced as
 * they say at the time, and passes everything on as long as there are none. Another version of core reads them once.
 */
export function followOptions(current: FollowedOptions): FollowingTracing {
  const options = {}
  for (const name of OPTION_NAMES as readonly (keyof TracingOptions)[]) {
    Object.defineProperty(options, name, { get: () => current()?.[name], enumerable: true })
  }
  const followers = new Set<() => void>()
  followed.set(options, { current, followers })
  return {
    options,
    changed() {
      for (const follow of followers) follow()
    },
  }
}

/** Who follows these options; `undefined`: they stay as they are. */
export function followedBy(options: object): Followed | undefined {
  return followed.get(options)
}
