import { aimOf, BY_HAND, gateOf } from './gates.js'
import { median } from './measure.js'

/** Below so many µs a difference is noise, and nothing can be divided by it. */
const NOISE = 0.02

/** Implementations that are compared with the bare client. */
const COMPARED = ['ours', 'before', 'official', 'by hand', 'SDK floor']

/** Added CPU time per message in µs, and what ours is of it: median, least and most over the processes. */
export function figuresOf(samples) {
  const figures = {}
  for (const name of COMPARED) {
    if (samples[0]?.[name] === undefined) continue
    figures[name] = {
      added: spread(samples.map((sample) => sample[name] - sample.bare)),
      ratio: spread(samples.flatMap((sample) => ratio(sample, name))),
    }
  }
  return figures
}

function ratio(sample, name) {
  const added = sample[name] - sample.bare
  return added < NOISE ? [] : [(sample.ours - sample.bare) / added]
}

/** `undefined` when nothing could be compared. */
export function spread(values) {
  if (values.length === 0) return undefined
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) }
}

/**
 * Whether a path keeps its gate: at most the gate's share of the official instrumentation; sampled also what careful code
 * by hand costs and a tenth more, when that is more.
 *
 * @returns {'aim' | 'gate' | 'missed' | 'unknown'}
 */
export function judge(path, mode, figures) {
  const official = figures.official?.ratio?.median
  if (official === undefined) return 'unknown'
  if (official <= aimOf(path, mode)) return 'aim'
  return official <= gateOf(path, mode) ? 'gate' : 'missed'
}

/** Sampled spans: at most 1.1 of careful code by hand, or the gate, whichever allows more. */
export function judgeByHand(path, mode, figures) {
  if (mode !== 'sampled') return 'unknown'
  const [byHand, official] = [figures['by hand'].ratio?.median, figures.official.ratio?.median]
  if (byHand === undefined || official === undefined) return 'unknown'
  return byHand <= BY_HAND || official <= gateOf(path, mode) ? 'gate' : 'missed'
}

/** Bytes that each implementation adds per message, and whether ours keeps the limit: the larger of official and by hand. */
export function bytesOf(sample) {
  const added = Object.fromEntries(
    COMPARED.filter((name) => name in sample).map((name) => [name, Math.round(sample[name] - sample.bare)]),
  )
  const limit = Math.max(added.official, added['by hand'])
  return { added, limit, verdict: added.ours <= limit ? 'gate' : 'missed' }
}
