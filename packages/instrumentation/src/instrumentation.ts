import type { MeterProvider, TracerProvider } from '@opentelemetry/api'
import type { TracingOptions } from '@tracebaton/core'
import type { AdapterTracing } from '@tracebaton/core/adapter'
import { patchOnLoad, type ModulePatch } from './module-hook.ts'
import { packages, warn } from './packages.ts'
import { ownTracing, say, type Client, type Wisher } from './say.ts'
import { SCOPE } from './scope.ts'

/** How clients are traced: all options of `createTracing`, and whether they are. */
export type TracebatonConfig = Omit<TracingOptions, 'tracerProvider' | 'meterProvider'> & {
  /** Whether clients are traced from the start, and not only after `enable()`. @default true */
  enabled?: boolean
}

/** What an instrumentation of one client knows. */
export interface ClientParts {
  readonly client: Client
  readonly patches: readonly ModulePatch[]
  /** The names of the client's own options. */
  readonly own?: readonly string[]
}

/**
 * The instrumentation of one client, of the shape that OpenTelemetry's SDKs take. It extends no class of theirs, which
 * would need one certain line of Node and of the SDK. Everything may be changed at any time, and holds for what was made
 * of the client before, too. Nothing here throws.
 */
export abstract class ClientInstrumentation<Config extends TracebatonConfig> {
  /** The package of ours, and the client. */
  readonly instrumentationName: string
  /** The version of this package. */
  readonly instrumentationVersion: string = SCOPE.version
  readonly #parts: ClientParts
  readonly #wisher: Wisher
  /** Files that were loaded before. */
  readonly #late: readonly string[]
  #config: Config
  #enabled = false
  #tracers: TracerProvider | undefined
  #meters: MeterProvider | undefined

  constructor(parts: ClientParts, config: Config) {
    this.instrumentationName = `${SCOPE.name}/${parts.client}`
    this.#parts = parts
    this.#wisher = { wish: () => this.#wish() }
    this.#config = withDefaults(config)
    // Also one that is enabled later traces what is made of the client until then.
    this.#late = patchOnLoad(parts.patches)
    if (this.#config.enabled === true) this.enable()
  }

  /** Traces the client from now on. Of several instrumentations of one client the latest decides how. */
  enable(): void {
    if (this.#enabled) return
    this.#enabled = true
    this.#tell()
    if (this.#late.length > 0) warnOfOrder(this.#parts.client, this.#late)
  }

  /** Traces nothing from now on. Calls pass through. */
  disable(): void {
    this.#enabled = false
    this.#tell()
  }

  /** Whether the client is traced. */
  isEnabled(): boolean {
    return this.#enabled
  }

  /** Records spans by a provider. Default: the global one of the time. */
  setTracerProvider(provider: TracerProvider): void {
    this.#tracers = provider === packages.api.trace.getTracerProvider() ? undefined : provider
    this.#tell()
  }

  /** Measures by a provider. Default: the global one of the time. */
  setMeterProvider(provider: MeterProvider): void {
    // SDKs hand out the global one also before there is any; that one will never measure.
    this.#meters = provider === packages.api.metrics.getMeterProvider() ? undefined : provider
    this.#tell()
  }

  /** Replaces all options; `enabled` changes nothing. */
  setConfig(config: Config): void {
    this.#config = withDefaults(config)
    this.#tell()
  }

  /** The options there are. */
  getConfig(): Config {
    return this.#config
  }

  #tell(): void {
    say(this.#parts.client, this.#wisher, this.#enabled)
  }

  #wish(): ReturnType<Wisher['wish']> {
    const { enabled: _, ...given } = this.#config as Record<string, unknown>
    const own: Record<string, unknown> = {}
    const options: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(given)) {
      ;(this.#parts.own?.includes(name) === true ? own : options)[name] = value
    }
    if (this.#tracers !== undefined) options['tracerProvider'] = this.#tracers
    if (this.#meters !== undefined) options['meterProvider'] = this.#meters
    return { options, own }
  }
}

function withDefaults<Config extends TracebatonConfig>(config: Config | undefined): Config {
  return { ...(config as Config), enabled: config?.enabled ?? true }
}

function warnOfOrder(client: Client, files: readonly string[]): void {
  reporterOf(client).warn(
    `${files.join(' and ')} was loaded before its instrumentation, so what is made of it is not traced. ` +
      'Set up OpenTelemetry first, for example by `node --import ./telemetry.js`',
  )
}

/** Core cannot be loaded without the API. */
function reporterOf(client: Client): Pick<AdapterTracing, 'warn'> {
  try {
    return ownTracing(client)
  } catch {
    return { warn }
  }
}
