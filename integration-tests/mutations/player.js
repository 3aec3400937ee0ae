import { join } from 'node:path'
import { createVitest } from 'vitest/node'

/**
 * Starts a vitest that stays, so that only changed files are read again.
 *
 * @param folder a copy of the repository; its tests take every package from its source, so that nothing has to be built
 */
export async function startPlayer(folder) {
  const vitest = await createVitest(
    'test',
    {
      root: folder,
      config: false,
      watch: false,
      silent: true,
      reporters: [{}],
      include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
      setupFiles: ['scripts/test/fresh.ts'],
      testTimeout: 20_000,
      execArgv: ['--no-warnings'],
      // A golden file would catch everything: here the scenarios have to.
      env: { TRACEBATON_GOLDEN: 'off' },
    },
    {
      resolve: {
        alias: [
          { find: /^@tracebaton\/(\w+)$/, replacement: join(folder, 'packages/$1/src/index.ts') },
          { find: /^@tracebaton\/(\w+)\/(\w+)$/, replacement: join(folder, 'packages/$1/src/$2.ts') },
        ],
      },
    },
  )
  return {
    /** Makes vitest read a file again. */
    forget: (path) => vitest.invalidateFile(path),
    /** Runs a test file, or one test of it; gives the names of what passed and what failed, and the errors. */
    async play(suite, test) {
      vitest.resetGlobalTestNamePattern()
      if (test !== undefined) vitest.setGlobalTestNamePattern(RegExp(test.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')))
      const file = join(folder, suite)
      const played = await vitest.runTestSpecifications([vitest.getRootProject().createSpecification(file)])
      // The result has the files of earlier runs, too.
      const testModules = played.testModules.filter(({ moduleId }) => moduleId === file)
      const tests = testModules.flatMap(({ children }) => [...children.allTests()])
      const errors = [
        ...tests.flatMap((one) => one.result().errors ?? []),
        ...testModules.flatMap((module) => module.errors()),
        ...played.unhandledErrors,
      ]
      if (tests.length === 0) throw new Error(`${suite} did not run:\n${textOf(errors)}`)
      const named = (state) => new Set(tests.filter((one) => one.result().state === state).map(({ name }) => name))
      return { passed: named('passed'), failed: named('failed'), errors: textOf(errors) }
    },
    close: () => vitest.close(),
  }
}

function textOf(errors) {
  return errors.map(({ name, message }) => `${name}: ${message}`).join('\n')
}
