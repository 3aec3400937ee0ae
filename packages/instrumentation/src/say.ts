import type { Tracing, TracingOptions } from '@tracebaton/core'
import type { AdapterTracing, FollowingTracing } from '@tracebaton/core/adapter'
import { packages } from './packages.ts'
import { processWide } from './process-wide.ts'
import { SCOPE } from './scope.ts'

/** The clients that are patched. */
export type Client = 'amqplib' | 'bullmq' | 'kafkajs' | 'sqs'

/** What an enabled instrumentation wants. It is replaced as a whole when that changes. */
export interface Wish {
  /** How to trace. */
  readonly options: TracingOptions
  /** What is for one client alone. */
  readonly own: Readonly<Record<string, unknown>>
}

/** An instrumentation, while it is enabled. */
export interface Wisher {
  readonly wish: () => Wish
}

interface Place {
  /** The enabled instrumentations of a client, the latest last. */
  readonly wishers: Wisher[]
  /** The wish of the latest: files are patched once, and whatever was made of them asks here. */
  now: Wish | undefined
  tracing: FollowingTracing | undefined
}

const places = processWide('tracebaton.instrumentation.places.1', () => new Map<Client, Place>())

function placeOf(client: Client): Place {
  let place = places.get(client)
  if (place === undefined) places.set(client, (place = { wishers: [], now: undefined, tracing: undefined }))
  return place
}

/** From now on an instrumentation has the say for a client, if it is enabled. Of several the latest has it. */
export function say(client: Client, wisher: Wisher, isEnabled: boolean): void {
  const place = placeOf(client)
  const at = place.wishers.indexOf(wisher)
  if (isEnabled && at === -1) place.wishers.push(wisher)
  if (!isEnabled && at !== -1) place.wishers.splice(at, 1)
  place.now = place.wishers.at(-1)?.wish()
  place.tracing?.changed()
}

/** What the instrumentation of a client wants at the time; `undefined`: none is enabled. */
export function wishFor(client: Client): Wish | undefined {
  return placeOf(client).now
}

/** Clients whose messages the official instrumentation leaves to us, although it traces what else they do. */
export const spared: Set<Client> = processWide('tracebaton.instrumentation.spared.0', () => new Set<Client>())

/** For adapters: how a client is traced, which may change at any time. Loads core. */
export function tracingFor(client: Client): Pick<Tracing, 'options'> {
  const place = placeOf(client)
  return (place.tracing ??= packages.core.followOptions(() => place.now?.options))
}

/** The same, for what is done here and not by an adapter. */
export function ownTracing(client: Client): AdapterTracing {
  return packages.core.resolveTracing({ tracing: tracingFor(client) }, SCOPE)
}
