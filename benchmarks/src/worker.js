// One process of a benchmark: paths of one adapter in one mode. Gives the figures to the process that started it.
import { createCalls } from './calls.js'
import { loadBuild, loadUnmeasured } from './builds.js'
import { measure, measureBytes, QUICK, USUAL } from './measure.js'
import { setUp } from './modes.js'
import { SCALING } from './scaling.js'

process.on('disconnect', () => process.exit(1))
const { task, adapter, mode, names, build, quick } = JSON.parse(process.argv[2])
const collect = setUp(mode)
const { paths, scaling } = await import(`./${adapter}/paths.js`)
const packages = await loadBuild(adapter, build)
const unmeasured = await loadUnmeasured(adapter)
const effort = quick ? QUICK : USUAL

const tasks = {
  cpu: async (name) => {
    const path = paths[name]()
    const calls = await createCalls(path, packages, unmeasured)
    // What is made by hand makes no metrics.
    if (mode === 'metrics') for (const each of ['by hand', 'SDK floor']) delete calls[each]
    return measure(calls, path, effort, collect)
  },
  bytes: async (name) => {
    const path = paths[name]()
    return measureBytes(await createCalls(path, packages, unmeasured), path, effort)
  },
  scaling: async (name) => {
    const figures = {}
    for (const size of SCALING[name].sizes) {
      const path = scaling[name](size)
      figures[size] = await measure(await createCalls(path, packages, unmeasured), path, QUICK)
    }
    return figures
  },
}

const results = {}
for (const name of names) results[name] = await tasks[task](name)
process.send(results, () => process.exit())
