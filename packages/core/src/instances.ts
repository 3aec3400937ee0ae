import type { Delivery } from './verdict/delivery.ts'
import { isObject } from './base/given.ts'
import { followedBy, NOTHING_RECORDED, type Followed } from './followed.ts'
import type { TracingOptions } from './options.ts'
import { passOnly } from './pass-only.ts'
import {
  isUnchanged,
  readOptions,
  readOwn,
  saysMore,
  type OwnOptions,
  type OwnValues,
  type Reading,
} from './read-options.ts'
import type { Scope } from './base/scope.ts'
import { processWide, SHARED } from './base/shared-state.ts'
import {
  createAdapterTracing,
  createInstance,
  DEFAULTS,
  warnOfMistake,
  type AdapterTracing,
  type TracingInput,
} from './tracing.ts'

/** The instances by the options that they were made with, one for each scope; and those options as they were then. */
const instances = new WeakMap<object, { readonly reading: Reading; readonly byScope: Map<string, AdapterTracing> }>()

/**
 * The instance that an argument of an adapter's function asks for: always one of this core and of this scope, one for each
 * options object and what it says at the time. Of `{ tracing }`, which another version of core may have made, the options
 * are taken. Says what is wrong with the options; never throws.
 *
 * @param scope the adapter's package
 * @param own the adapter's own options, which {@link ownOptions} reads
 */
export function resolveTracing(input: TracingInput | undefined, scope: Scope, own?: OwnOptions): AdapterTracing {
  const given = isObject(input) ? (optionsWithin(input) ?? input) : DEFAULTS
  const followed = followedBy(given)
  if (followed !== undefined) return tracingThatFollows(given, followed, scope)
  const reading = readOptions(given, own)
  let made = instances.get(given)
  if (made === undefined || !isUnchanged(made.reading, reading)) {
    instances.set(given, (made = { reading, byScope: new Map() }))
  }
  let tracing = made.byScope.get(scope.name)
  if (tracing === undefined) made.byScope.set(scope.name, (tracing = createInstance(reading, scope)))
  warnOfMistake(tracing, input)
  return tracing
}

/** The instances that follow options, one for each scope. */
const following = new WeakMap<object, Map<string, AdapterTracing>>()

/** One whose members are those of the instance for the options of the moment. They are set with each change, and not looked up. */
function tracingThatFollows(options: TracingOptions, { current, followers }: Followed, scope: Scope): AdapterTracing {
  let byScope = following.get(options)
  if (byScope === undefined) following.set(options, (byScope = new Map()))
  const made = byScope.get(scope.name)
  if (made !== undefined) return made
  const off = passOnly(createAdapterTracing(NOTHING_RECORDED, scope))
  const live: AdapterTracing = { ...off, options }
  const follow = (): void => {
    const told = current()
    Object.assign(live, told === undefined ? off : resolveTracing(told, scope), { options })
  }
  followers.add(follow)
  follow()
  byScope.set(scope.name, live)
  return live
}

/** The options of the instance among options, if there is one. */
function optionsWithin(input: TracingInput): TracingOptions | undefined {
  try {
    const options: unknown = input.tracing?.options
    return isObject(options) ? options : undefined
  } catch {
    return undefined
  }
}

/**
 * The tracing that the options of a handler ask for; `undefined` where they say nothing of how to trace, and how the
 * message was received decides. Never throws.
 *
 * @param own the adapter's own options
 */
export function tracingToldBy(
  options: TracingInput | undefined,
  own: OwnOptions,
  scope: Scope,
): AdapterTracing | undefined {
  return isObject(options) && saysMore(options, own) ? resolveTracing(options, scope, own) : undefined
}

/** The values of an adapter's own options. Says what is wrong with them; never throws. */
export function ownOptions<Own extends OwnOptions>(
  options: unknown,
  own: Own,
  tracing: Pick<AdapterTracing, 'warn'>,
): OwnValues<Own> {
  return readOwn(options, own, tracing.warn)
}

/** How client objects, and look-alikes of them, are traced. */
const tracings = processWide(SHARED.tracings, () => new WeakMap<object, AdapterTracing>())

/** Remembers how a client object is traced. */
export function tracedBy(client: object, tracing: AdapterTracing): void {
  tracings.set(client, tracing)
}

/** How a client object is traced; `undefined` where it is not. */
export function tracingOf(client: object): AdapterTracing | undefined {
  return tracings.get(client)
}

/** How a message arrived: what it came by, and how that is traced. */
export interface Arrival {
  readonly tracing: AdapterTracing
  readonly delivery: Delivery
}

/** The tracing for a move: that of the publisher, else of the client that received, else by the defaults. */
export function tracingFor(
  publisher: object,
  arrival: { readonly tracing: AdapterTracing } | undefined,
  scope: Scope,
): AdapterTracing {
  return tracingOf(publisher) ?? arrival?.tracing ?? resolveTracing(undefined, scope)
}
