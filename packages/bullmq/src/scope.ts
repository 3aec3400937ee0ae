import type { Scope } from '@tracebaton/core/adapter'

/** The instrumentation scope of what this adapter records; `scripts/write-versions.js` writes the version. */
export const SCOPE: Scope = { name: '@tracebaton/bullmq', version: '0.0.0' }
