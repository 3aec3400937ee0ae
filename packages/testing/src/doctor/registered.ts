import { doubtful, ill, well, type Diagnosis } from './diagnosis.ts'
import { textIn } from './installed.ts'
import { loadedTracers } from './other-tracers.ts'
import { loadedModules } from './loaded.ts'
import { seesRegistration } from './version.ts'

/** What has been registered with the OpenTelemetry API of this process, whichever copy of it was used. */
interface Registration {
  readonly version?: string
  readonly trace?: object
  readonly propagation?: object
  readonly context?: object
}

/** What can be told from what this process has registered and loaded. */
export function diagnoseRegistered(): Diagnosis[] {
  const home = globalThis as { readonly [key: symbol]: Registration | undefined }
  const registered = home[Symbol.for('opentelemetry.js.api.1')] ?? {}
  const loaded = diagnoseLoaded(registered)
  if (!registered.trace) {
    return [ill('sdk', 'No OpenTelemetry SDK is registered: no span is made.', adviceOnSdk()), ...loaded]
  }
  return [
    well('sdk', `An SDK is registered, with version ${registered.version ?? '?'} of the API.`),
    registered.propagation
      ? well('propagator', 'A propagator is registered.')
      : doubtful(
          'propagator',
          'No propagator is registered: tracebaton writes W3C headers, and everything else passes on nothing.',
          'provider.register() or new NodeSDK() registers one; OTEL_PROPAGATORS=none takes it away.',
        ),
    registered.context
      ? well('context-manager', 'A context manager is registered.')
      : ill(
          'context-manager',
          'No context manager is registered: handlers have no active span, and what they send starts new traces.',
          'context.setGlobalContextManager(new AsyncLocalStorageContextManager()), or use NodeSDK.',
        ),
    ...loaded,
  ]
}

function adviceOnSdk(): string {
  const [other] = loadedTracers()
  if (other !== undefined) return `${other.name} is one if told: ${other.register}.`
  return 'Start one before the application: node --import ./telemetry.js app.js, with new NodeSDK({ … }).start().'
}

/** Copies of the API that this process has loaded. On Node the API is CommonJS, whoever imports it. */
function diagnoseLoaded({ version: registered }: Registration): Diagnosis[] {
  const copies = loadedCopies()
  const versions = [...new Set(copies.values())].toSorted()
  if (versions.length < 2) return []
  const blind = registered === undefined ? [] : versions.filter((version) => !seesRegistration(version, registered))
  const places = [...copies].map(([folder, version]) => `${version} in ${folder}`).join(', ')
  const advice = 'npm ls @opentelemetry/api, then npm dedupe or overrides, so that there is one.'
  if (blind.length === 0) {
    return [doubtful('api-copies', `${versions.length} versions of @opentelemetry/api are loaded: ${places}.`, advice)]
  }
  const finding = `The SDK is registered with @opentelemetry/api ${registered}, and code with ${blind.join(', ')} does not see it (${places}).`
  return [ill('api-copies', finding, advice)]
}

function loadedCopies(): Map<string, string> {
  const copies = new Map<string, string>()
  for (const [file] of loadedModules()) {
    const folder = /^(.*[\\/]@opentelemetry[\\/]api)[\\/]build[\\/]/.exec(file)?.[1]
    if (folder === undefined || copies.has(folder)) continue
    const version = textIn(folder, 'version')
    if (version !== undefined) copies.set(folder, version)
  }
  return copies
}
