import { bytesOf, figuresOf, judge } from './figures.js'
import { gateOf } from './gates.js'

const MARKS = { aim: '✓✓', gate: '✓', missed: '✗', unknown: '?' }

/** The results as lines for a terminal. */
export function printSummary({ cpu, bytes }) {
  for (const [path, modes] of Object.entries(cpu)) {
    for (const [mode, samples] of Object.entries(modes)) {
      const figures = figuresOf(samples)
      const parts = Object.entries(figures).map(([name, { added, ratio }]) =>
        name === 'ours' ? `ours ${text(added)} µs` : `${name} ${text(added)} (${text(ratio)})`,
      )
      const mark = MARKS[judge(path, mode, figures)]
      console.log(
        `${mark.padEnd(2)} ${path.padEnd(18)} ${mode.padEnd(12)} gate ${gateOf(path, mode)}: ${parts.join('  ')}`,
      )
    }
  }
  for (const [path, sample] of Object.entries(bytes)) {
    const { added, verdict } = bytesOf(sample)
    const parts = Object.entries(added).map(([name, count]) => `${name} ${count}`)
    console.log(`${MARKS[verdict].padEnd(2)} ${path.padEnd(18)} bytes: ${parts.join('  ')}`)
  }
}

function text(spread) {
  if (spread === undefined) return 'n/a'
  const { median, least, most } = spread
  return `${median.toFixed(2)} [${least.toFixed(2)}..${most.toFixed(2)}]`
}
