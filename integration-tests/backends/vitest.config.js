import { defineConfig } from 'vitest/config'

// oxlint-disable-next-line import/no-default-export -- that is how vitest reads it
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: ['../src/backends/global-set-up.ts'],
    // They share the backends, and some count what is there.
    fileParallelism: false,
    server: { deps: { external: [/\/packages\/[a-z]+\/dist\//] } },
    testTimeout: 60_000,
    hookTimeout: 180_000,
  },
})
