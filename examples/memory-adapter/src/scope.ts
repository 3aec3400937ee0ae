import type { Scope } from '@tracebaton/core/adapter'

/** The instrumentation scope of what this adapter records: its package. */
export const SCOPE: Scope = { name: 'example-memory-adapter', version: '0.0.0' }
