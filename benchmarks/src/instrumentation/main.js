// What the instrumentation costs: at start, and for each message beside a client that is wrapped by hand.
//
//   node benchmarks/src/instrumentation/main.js           # on a machine that does nothing else
//
// It ends with 1 where a limit is passed: a start of 60 ms, half of the three official packages' start, and for each
// message 3 % or 0.3 µs, the larger.
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { runProcess } from '../process.js'
import { measureStarts } from './start.js'

const STARTS = 15
const ROUNDS = 5
const load = () => `load ${loadavg()[0].toFixed(1)}`
let failed = false

function tell(good, text) {
  if (!good) failed = true
  console.log(`${good ? '✓' : '✗'} ${text}`)
}

const { nothing, ours, official } = measureStarts(STARTS)
const [own, theirs] = [ours - nothing, official - nothing]
tell(
  own <= 60 && own <= theirs / 2,
  `start: ours +${own.toFixed(0)} ms, the three official ones +${theirs.toFixed(0)} ms ` +
    `(nothing ${nothing.toFixed(0)} ms, median of ${STARTS}, ${load()}, Node ${process.versions.node})`,
)

for (const mode of ['sampled', 'no SDK']) {
  const results = await inProcess(mode)
  for (const [name, { 'by hand': byHand, patched }] of Object.entries(results)) {
    const more = patched - byHand
    tell(
      more <= Math.max(0.3, byHand * 0.03),
      `${name}, ${mode}: by hand ${byHand.toFixed(2)} µs, patched ${patched.toFixed(2)} µs ` +
        `(${more < 0 ? '' : '+'}${more.toFixed(2)} µs, ${((more / byHand) * 100).toFixed(1)} %, ${load()})`,
    )
  }
}
process.exitCode = failed ? 1 : 0

function inProcess(mode) {
  return runProcess(mode, join(import.meta.dirname, 'worker.js'), [mode, String(ROUNDS)], ['--expose-gc'])
}
