// One process of the guard: the paths of one adapter in one mode. Gives the figures to the process that started it.
import { loadBuild } from '../builds.js'
import { turn } from '../calls.js'
import { setUp } from '../modes.js'
import { bytesOf } from './bytes.js'
import { createCounting } from './counting.js'

/** Calls of a path before those that count. */
const FIRST_CALLS = 3
/** Messages that count: a multiple of those of each call. */
const MESSAGES = 200

process.on('disconnect', () => process.exit(1))
const { task, adapter, mode, names } = JSON.parse(process.argv[2])

const TASKS = {
  calls() {
    const counting = createCounting()
    setUp(mode, counting.count)
    counting.countApi()
    return async (path, packages) => {
      const call = await path.tracebaton(packages)
      await repeat(call, FIRST_CALLS)
      counting.take()
      await repeat(call, MESSAGES / path.messages)
      return Object.fromEntries([...counting.take()].map(([label, count]) => [label, count / MESSAGES]))
    }
  },
  bytes() {
    setUp(mode)
    return bytesOf
  },
}

async function repeat(call, count) {
  for (let index = 0; index < count; index++) {
    await call()
    await turn()
  }
}

const figureOf = TASKS[task]()
const { paths } = await import(`../${adapter}/paths.js`)
const ours = await loadBuild(adapter)
const figures = {}
for (const name of names) figures[name] = await figureOf(paths[name](), ours)
process.send(figures, () => process.exit())
