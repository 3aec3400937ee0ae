/** What is said of this package; `scripts/write-versions.js` writes the version. */
export const SCOPE = { name: '@tracebaton/instrumentation', version: '0.0.0' } as const
