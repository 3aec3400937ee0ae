import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { Totals } from './scripts/test/totals.js'

const brokers = 'integration-tests/src/global-set-up.ts'
// Test files share processes, so that libraries are loaded once.
// They wait about as much as they compute, so there are more of them than cores.
const shared = { isolate: false, maxWorkers: 3, setupFiles: ['scripts/test/fresh.ts'] }

// As vitest chooses them itself, and what all sweeps together have tried.
const reporters = ['default', ...(process.env['GITHUB_ACTIONS'] ? ['github-actions'] : []), new Totals()]

export default defineConfig({
  test: {
    reporters,
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: ['{packages,examples}/*/test/**/*.test.ts', '{scripts/test,integration-tests/mutations}/*.test.js'],
          testTimeout: 10_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'integration',
          // They wait for brokers, too.
          maxWorkers: 4,
          // Node loads our packages as it loads them for users, once.
          server: { deps: { external: [/\/packages\/[a-z]+\/dist\//] } },
          sequence: { groupOrder: 1 },
          include: ['integration-tests/test/**/*.test.ts'],
          // Its client is compiled where it is installed: it is played where the variable names a folder that has it.
          exclude: process.env['TRACEBATON_CONFLUENT'] ? [] : ['**/frameworks-confluent.test.ts'],
          globalSetup: existsSync(brokers) ? [brokers] : [],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
