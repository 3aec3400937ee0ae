// Runs before each test file. Files share a process, where the libraries are loaded once; what a file has registered with
// them, and what Vite has loaded of ours, is not there for the next one. Packages that Node itself has loaded stay.
import { createRequire } from 'node:module'
import { context, diag, metrics, propagation, trace } from '@opentelemetry/api'
import { vi } from 'vitest'

vi.useRealTimers()
vi.resetModules()
const { cache } = createRequire(import.meta.url)
for (const file of Object.keys(cache)) if (!file.includes('node_modules')) Reflect.deleteProperty(cache, file)
for (const api of [context, diag, metrics, propagation, trace]) api.disable()
for (const key of Object.getOwnPropertySymbols(globalThis)) {
  if (key.description?.startsWith('tracebaton.') === true) Reflect.deleteProperty(globalThis, key)
}
