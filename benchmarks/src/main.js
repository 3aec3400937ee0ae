// What tracing costs: CPU time per message, and the ratio of ours to the official instrumentation's and to the same
// spans made by hand. Only ratios within one run mean something. Each mode has a process of its own.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { bareSdk } from './bare-sdk.js'
import { amqp } from './amqp.js'
import { kafka } from './kafka.js'
import { measure } from './measure.js'
import { MODES, setUp } from './sdk.js'

/** What is measured: the variants, calls per round, and what ours is compared with. */
const SUITES = [
  { name: 'core', create: bareSdk, calls: 20_000, other: 'by hand' },
  { name: 'kafka', create: kafka, calls: 10_000, other: 'official' },
  { name: 'amqp', create: amqp, calls: 10_000, other: 'official' },
]

const [mode] = process.argv.slice(2)
if (mode === undefined) {
  console.log('CPU time per message in µs, beyond the same call without tracing. About a minute.\n')
  for (const each of MODES) {
    const child = fork(fileURLToPath(import.meta.url), [each], { execArgv: ['--expose-gc'] })
    const [code] = await once(child, 'exit')
    if (code !== 0) process.exitCode = 1
  }
} else {
  console.log(mode)
  setUp(mode)
  for (const { name, create, calls, other } of SUITES) {
    for (const [act, variants] of Object.entries(await create())) {
      const { bare, ours, [other]: theirs } = await measure(variants, calls)
      const [own, compared] = [ours - bare, theirs - bare]
      const figures = `ours ${own.toFixed(1)}  ${other} ${compared.toFixed(1)}  ratio ${(own / compared).toFixed(2)}`
      console.log(`  ${`${name} ${act}`.padEnd(14)} ${figures}`)
    }
  }
  console.log('')
}
