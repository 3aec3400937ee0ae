import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const brokers = 'integration-tests/src/global-set-up.ts'
// Test files share processes, so that libraries are loaded once; ours are fresh in each file.
const shared = { isolate: false, setupFiles: ['scripts/test/fresh.ts'] }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          include: ['{packages,examples}/*/test/**/*.test.ts', '{scripts/test,integration-tests/mutations}/*.test.js'],
          testTimeout: 10_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'integration',
          // They wait for brokers as much as they compute.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          include: ['integration-tests/test/**/*.test.ts'],
          globalSetup: existsSync(brokers) ? [brokers] : [],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
