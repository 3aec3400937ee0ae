import { defineConfig } from 'vitest/config'
import { FLAG } from './flag.js'

const include = ['packages/core/test/base/stamp.test.ts', 'scripts/stamps/flag.test.js']

/** The tests of stamps with V8's flag and without it. */
// oxlint-disable-next-line no-default-export -- Vitest wants it
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'without the flag', include } },
      { test: { name: 'with the flag', include, execArgv: [FLAG] } },
    ],
  },
})
