import { memoryUsage } from 'node:process'
import { median, repeat } from '../measure.js'

/** Messages that come first: code that is not optimized allocates the same from then on. */
const WARM = 400
const WINDOW = 100
/** Windows after a collection in which the engine learns again what the collection made it forget. */
const SETTLING = 4
const WINDOWS = 11

/**
 * Measures what our adapters allocate beyond the bare client: by the same number of messages each time, however long they
 * take. Needs a young generation so large that nothing is collected meanwhile.
 *
 * @returns {Promise<number>} bytes of the heap per message
 */
export async function bytesOf(path, packages) {
  const [bare, ours] = [await path.bare(), await path.tracebaton(packages)]
  // Both before either counts: once a context was active, Node allocates more for every promise.
  for (const call of [bare, ours]) await repeat(call, WARM / path.messages)
  const bytes = await allocatedBy(bare, path)
  return Math.round((await allocatedBy(ours, path)) - bytes)
}

/** The median window. */
async function allocatedBy(call, { messages }) {
  globalThis.gc()
  await repeat(call, (SETTLING * WINDOW) / messages)
  const samples = []
  for (let window = 0; window < WINDOWS; window++) {
    const before = memoryUsage().heapUsed
    await repeat(call, WINDOW / messages)
    samples.push((memoryUsage().heapUsed - before) / WINDOW)
  }
  return median(samples)
}
