/** Of this package: what `tracebaton --version` prints. */
export const release = { name: '@tracebaton/testing', version: '0.0.0' } as const
