// What keeps journeys of several traces together costs: the sampler, and the first send on messages. Prints ratios.
// `--against <folder>` measures the built packages of another checkout, too, in processes of their own; `--processes <n>` (3).
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { copyBuild } from '../builds.js'
import { median } from '../measure.js'
import { COMPILED, runProcess, USUAL_HEAP } from '../process.js'

const { values } = parseArgs({
  options: { against: { type: 'string' }, processes: { type: 'string', default: '3' } },
})
if (values.against !== undefined) await copyBuild(values.against, 'before')
const builds = values.against === undefined ? ['ours'] : ['ours', 'before']
const rounds = Object.fromEntries(builds.map((build) => [build, []]))
for (let round = 0; round < Number(values.processes); round++) {
  for (const build of builds) rounds[build].push(await measureIn(build))
}
for (const build of builds) {
  for (const [title, { base, figures }] of Object.entries(merged(rounds[build]))) {
    console.log(`\n${title}${build === 'ours' ? '' : ', before'}`)
    const of = median(figures[base])
    for (const [name, samples] of Object.entries(figures)) {
      const time = median(samples)
      const ratio = name === base ? '' : `  ${(time / of).toFixed(2)} of ${base}`
      console.log(`  ${name.padEnd(28)} ${time.toFixed(2).padStart(7)} µs per message${ratio}`)
    }
  }
}

function measureIn(build) {
  const worker = join(import.meta.dirname, 'worker.js')
  return runProcess(build, worker, [JSON.stringify({ build })], [...COMPILED, ...USUAL_HEAP])
}

/** The figures of all processes by title and implementation. */
function merged(all) {
  const [first] = all
  return Object.fromEntries(
    Object.entries(first).map(([title, { base, figures }]) => [
      title,
      {
        base,
        figures: Object.fromEntries(
          Object.keys(figures).map((name) => [name, all.map((round) => round[title].figures[name])]),
        ),
      },
    ]),
  )
}
