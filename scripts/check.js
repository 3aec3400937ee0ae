// Everything that can be said about the code without running it. All checks run, the failed ones are named at the end.
import { run, runTool } from './run.js'

const node = (title, script) => run(title, process.execPath, [script])

const CHECKS = {
  format: (title) => runTool(title, 'oxfmt/bin/oxfmt', ['--check']),
  lint: (title) => runTool(title, 'oxlint/bin/oxlint', ['--deny-warnings']),
  'types and packages': (title) =>
    runTool(title, 'turbo/bin/turbo', [
      'run',
      'typecheck',
      'package',
      '--continue',
      '--output-logs=errors-only',
      '--ui=stream',
    ]),
  'unused code': (title) => runTool(title, 'knip/bin/knip.js', ['--no-progress']),
  'span assertions': (title) => node(title, 'scripts/check-span-assertions.js'),
  documentation: (title) => node(title, 'scripts/check-docs.js'),
  'sampling page': (title) => run(title, process.execPath, ['scripts/sampling-page.js', '--check']),
  'performance page': (title) => run(title, process.execPath, ['benchmarks/src/page.js', '--check']),
  'cost per message': (title) => node(title, 'benchmarks/src/guard/main.js'),
  'stamps on Node 26': (title) => node(title, 'scripts/check-stamps.js'),
  lockfile: (title) => node(title, 'scripts/check-lockfile.js'),
  'tracked files': (title) => node(title, 'scripts/check-tracked.js'),
}

/** Checks that have something to say even when all is well. */
const SPEAKING = new Set(['cost per message'])

const failed = []
for (const [name, check] of Object.entries(CHECKS)) {
  // One after the other: they are short, and each of the long ones uses all cores by itself.
  // oxlint-disable-next-line no-await-in-loop
  const { code, output, seconds } = await check(`Checking ${name}`)
  if (code !== 0) failed.push(name)
  if (output !== '' && (code !== 0 || SPEAKING.has(name))) console.log(output.trimEnd())
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s)`)
}

if (failed.length > 0) {
  console.error(`Failed: ${failed.join(', ')}.`)
  process.exitCode = 1
}
