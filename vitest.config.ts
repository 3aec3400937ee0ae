import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const brokers = 'integration-tests/src/global-set-up.ts'

export default defineConfig({
  test: {
    // Much of the time goes into waiting for brokers, which takes no core.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,examples}/*/test/**/*.test.ts', 'scripts/test/**/*.test.js'],
          testTimeout: 10_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['integration-tests/test/**/*.test.ts'],
          globalSetup: existsSync(brokers) ? [brokers] : [],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
