import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const brokers = 'integration-tests/src/global-set-up.ts'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          include: ['{packages,examples}/*/test/**/*.test.ts', '{scripts/test,integration-tests/mutations}/*.test.js'],
          testTimeout: 10_000,
        },
      },
      {
        test: {
          name: 'integration',
          // They wait for brokers more than they compute.
          maxWorkers: 2,
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
