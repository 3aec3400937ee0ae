// What tracing costs, beside the official instrumentations, code by hand and the bare SDK: see --help.
import { join } from 'node:path'
import { copyBuild } from './builds.js'
import { readOptions } from './options.js'
import { drawPicture } from './picture.js'
import { printSummary } from './print.js'
import { COMPILED, LARGE_HEAP, runProcess, USUAL_HEAP } from './process.js'
import { describeRun, readResults, writePicture, writeResults } from './results.js'
import { SCALING } from './scaling.js'

const options = readOptions()
if (options?.against !== undefined) await copyBuild(options.against, 'before')
if (options?.brokers) {
  const { runOnBroker } = await import('./broker/main.js')
  await runOnBroker(options)
} else if (options !== undefined) {
  const results = options.add ? readResults(options.out) : { ...describeRun(options), cpu: {}, bytes: {}, scaling: {} }
  for (const step of steps(options)) {
    if (process.stdout.isTTY) process.stdout.write(`\r${step.label}`.padEnd(70))
    for (const [name, figures] of Object.entries(await runStep(step, options))) step.store(results, name, figures)
    writeResults(options.out, results)
  }
  if (process.stdout.isTTY) process.stdout.write(`${'\r'.padEnd(70)}\r`)
  if (options.paths.length > 0) writePicture(options.out, drawPicture(results))
  printSummary(results)
}

/** What each process measures, round after round, so that a bad hour of the machine meets all alike. */
function* steps({ paths, bytes, scaling, modes, processes }) {
  for (let round = 1; round <= processes; round++) {
    for (const [adapter, names] of byAdapter(paths)) {
      for (const mode of modes) {
        yield {
          task: 'cpu',
          adapter,
          mode,
          names,
          label: `${round} of ${processes}: ${adapter}, ${mode}`,
          store: ({ cpu }, name, figures) => ((cpu[name] ??= {})[mode] ??= []).push(figures),
        }
      }
    }
  }
  for (const [adapter, names] of byAdapter(bytes)) {
    yield {
      task: 'bytes',
      adapter,
      mode: 'sampled',
      names,
      label: `bytes: ${adapter}`,
      store: (results, name, figures) => (results.bytes[name] = figures),
    }
  }
  for (let round = 1; round <= processes; round++) {
    for (const name of scaling) {
      const { adapter } = SCALING[name]
      yield {
        task: 'scaling',
        adapter,
        mode: 'sampled',
        names: [name],
        label: `scaling ${round}: ${name}`,
        store: (results, _, figures) => (results.scaling[name] ??= []).push(figures),
      }
    }
  }
}

function byAdapter(paths) {
  const groups = new Map()
  for (const name of paths) {
    const [adapter] = name.split('.')
    groups.set(adapter, [...(groups.get(adapter) ?? []), name])
  }
  return groups
}

/** With another checkout two processes, one after the other: the figures of the second are the first's `before`. */
async function runStep(step, asked) {
  const figures = await measureIn(step, asked, 'ours')
  if (asked.against === undefined) return figures
  const others = await measureIn(step, asked, 'before')
  for (const [name, values] of Object.entries(figures)) {
    if (step.task === 'scaling') for (const size of Object.keys(values)) addBefore(values[size], others[name][size])
    else addBefore(values, others[name])
  }
  return figures
}

/** What the other build adds to the client alone in its process, on the client alone in this one. */
function addBefore(figures, other) {
  figures.before = figures.bare + other.ours - other.bare
}

function measureIn({ task, adapter, mode, names }, { quick }, build) {
  const order = JSON.stringify({ task, adapter, mode, names, quick, build })
  const flags = [...COMPILED, ...(task === 'bytes' ? LARGE_HEAP : USUAL_HEAP)]
  return runProcess(`${task} of ${adapter}, ${mode}`, join(import.meta.dirname, 'worker.js'), [order], flags)
}
