import type { Diagnosis } from './diagnosis.ts'
import { versionIn } from './installed.ts'
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
  if (!registered.trace) {
    return [
      {
        id: 'sdk',
        state: 'ill',
        finding: 'No OpenTelemetry SDK is registered: no span is made.',
        advice: adviceOnSdk(),
      },
      ...diagnoseLoaded(registered),
    ]
  }
  return [
    {
      id: 'sdk',
      state: 'well',
      finding: `An SDK is registered, with version ${registered.version ?? '?'} of the API.`,
    },
    registered.propagation
      ? { id: 'propagator', state: 'well', finding: 'A propagator is registered.' }
      : {
          id: 'propagator',
          state: 'doubtful',
          finding: 'No propagator is registered: tracebaton writes W3C headers, and everything else passes on nothing.',
          advice: 'provider.register() or new NodeSDK() registers one; OTEL_PROPAGATORS=none takes it away.',
        },
    registered.context
      ? { id: 'context-manager', state: 'well', finding: 'A context manager is registered.' }
      : {
          id: 'context-manager',
          state: 'ill',
          finding:
            'No context manager is registered: handlers have no active span, and what they send starts new traces.',
          advice: 'context.setGlobalContextManager(new AsyncLocalStorageContextManager()), or use NodeSDK.',
        },
    ...diagnoseLoaded(registered),
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
  return [
    {
      id: 'api-copies',
      state: blind.length > 0 ? 'ill' : 'doubtful',
      finding:
        blind.length > 0
          ? `The SDK is registered with @opentelemetry/api ${registered}, and code with ${blind.join(', ')} does not see it (${places}).`
          : `${versions.length} versions of @opentelemetry/api are loaded: ${places}.`,
      advice: 'npm ls @opentelemetry/api, then npm dedupe or overrides, so that there is one.',
    },
  ]
}

function loadedCopies(): Map<string, string> {
  const copies = new Map<string, string>()
  for (const [file] of loadedModules()) {
    const folder = /^(.*[\\/]@opentelemetry[\\/]api)[\\/]build[\\/]/.exec(file)?.[1]
    if (folder === undefined || copies.has(folder)) continue
    const version = versionIn(folder)
    if (version !== undefined) copies.set(folder, version)
  }
  return copies
}
