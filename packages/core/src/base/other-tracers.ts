import { hasSubscribers } from 'node:diagnostics_channel'

/** How tracers that follow clients by themselves know one: their plugin for it, and a channel in which they hear of its calls. */
export interface Followers {
  /** The client in the names of packages of OpenTelemetry. */
  readonly library: string
  /** `settings`: what has the plugin leave this client alone. @default false */
  readonly datadog?: readonly [plugin: string, channel: string, settings?: string]
  readonly sentry?: readonly [plugin: string, channel: string]
}

/**
 * Who else traces a client, and how to have it leave the client alone. Never throws.
 *
 * @param method of the client's, one that is patched by those who patch
 */
export function otherTracerOf(
  method: unknown,
  followers: Followers,
): readonly [who: string, spare: string] | undefined {
  const { library, datadog, sentry } = followers
  if (isHeard(datadog)) return ['dd-trace', `tracer.use('${datadog[0]}', ${datadog[2] ?? 'false'})`]
  if (isHeard(sentry))
    return ['Sentry', `Sentry.init({ integrations: (all) => all.filter(({ name }) => name !== '${sentry[0]}') })`]
  if (typeof method !== 'function') return undefined
  if (Object.getOwnPropertySymbols(method).some(isElastic))
    return ['elastic-apm-node', "its option ignoreMessageQueues: ['*']"]
  if (Object.getOwnPropertyDescriptor(method, '__wrapped')?.value !== true) return undefined
  const name = `@opentelemetry/instrumentation-${library}`
  return ['another instrumentation', `getNodeAutoInstrumentations({ '${name}': { enabled: false } })`]
}

const isHeard = <Follower extends Followers['datadog']>(follower: Follower): follower is NonNullable<Follower> =>
  follower !== undefined && hasSubscribers(follower[1])

const isElastic = ({ description }: symbol): boolean => description === 'elasticAPMIsWrapped'

/** Tracers that are no SDK of OpenTelemetry unless told: what they leave in a process, their names, and what to tell them. */
const NO_SDKS = [
  ['dd-trace', 'dd-trace', 'new tracer.TracerProvider().register()'],
  ['__SENTRY__', 'Sentry', 'Sentry.init({ enableOpenTelemetrySetup: true })'],
  ['ElasticAPMAgentInitialized', 'elastic-apm-node', 'its option opentelemetryBridgeEnabled: true'],
] as const

/** A tracer in this process that could register an SDK, and how. */
export function silentTracer(): readonly [who: string, register: string] | undefined {
  const marks = new Set(Reflect.ownKeys(globalThis).map((key) => (typeof key === 'symbol' ? key.description : key)))
  const found = NO_SDKS.find(([mark]) => marks.has(mark))
  return found && [found[1], found[2]]
}
