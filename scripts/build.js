import { runTool } from './run.js'

/** Builds every package whose sources changed. `args` go to turbo. Resolves with what `run` resolves with. */
export function build(args) {
  return runTool('Building the packages', 'turbo/bin/turbo', [
    'run',
    'build',
    '--output-logs=errors-only',
    '--ui=stream',
    ...args,
  ])
}
