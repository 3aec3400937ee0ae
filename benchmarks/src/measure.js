import { memoryUsage } from 'node:process'

/**
 * How long to measure: CPU time of a sample in ms, how many samples count, and before them how many calls, or ms, warm each
 * implementation up. Calls, because what runs once for each call is compiled by their number, however many messages each
 * has: after 1,500 calls a send of ten messages took twice as long as after 6,000.
 */
export const USUAL = { sample: 12, rounds: 7, warmCalls: 15_000, warmTime: 3_000 }
export const QUICK = { sample: 8, rounds: 5, warmCalls: 8_000, warmTime: 3_000 }

/**
 * Measures implementations of the same work in turn, round after round, so that whatever else the machine does meets
 * all alike.
 *
 * @param {Record<string, () => unknown>} calls by the name of the implementation; a promise is awaited
 * @param {import('./calls.js').Path} path
 * @param between called after each round, outside of what is measured
 * @returns {Promise<Record<string, number>>} CPU time of all threads per message in µs: of the median round
 */
export async function measure(calls, path, effort, between = async () => {}) {
  const names = Object.keys(calls)
  const counts = await warmUp(calls, effort)
  const times = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < effort.rounds; round++) {
    for (let index = 0; index < names.length; index++) {
      const name = names[(round + index) % names.length]
      // What the others left in the young generation. A full collection would throw compiled code away.
      globalThis.gc({ type: 'minor' })
      // Code runs better behind code like it: each is measured behind itself.
      await repeat(calls[name], Math.ceil(counts[name] / 4))
      times[name].push((await cpuTime(calls[name], counts[name])) / counts[name] / path.messages)
    }
    await between()
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])]))
}

/** Warms all up in turn: they share the SDK's code. Tells how many calls make a sample of each. */
async function warmUp(calls, { sample, warmCalls, warmTime }) {
  const states = Object.values(calls).map((call) => ({ call, count: 1, done: 0, time: 0 }))
  const isWarm = ({ done, time }) => done >= warmCalls || time >= warmTime * 1_000
  while (!states.every(isWarm)) {
    for (const state of states) {
      const time = await cpuTime(state.call, state.count)
      state.done += state.count
      state.time += time
      state.count = Math.max(1, Math.round(Math.min(state.count * 20, (state.count / time) * sample * 1_000)))
    }
  }
  return Object.fromEntries(Object.keys(calls).map((name, index) => [name, states[index].count]))
}

/**
 * Measures what implementations allocate. Needs a young generation so large that nothing is collected meanwhile.
 *
 * @returns {Promise<Record<string, number>>} bytes of the heap per message
 */
export async function measureBytes(calls, path, effort) {
  // Compiled code allocates less.
  await warmUp(calls, effort)
  const bytes = {}
  for (const [name, call] of Object.entries(calls)) {
    const count = Math.max(1, Math.round(1_000 / path.messages))
    const samples = []
    for (let round = 0; round < 7; round++) {
      globalThis.gc()
      const before = memoryUsage().heapUsed
      await repeat(call, count)
      samples.push((memoryUsage().heapUsed - before) / count / path.messages)
    }
    bytes[name] = median(samples)
  }
  return bytes
}

async function cpuTime(call, count) {
  const before = process.cpuUsage()
  await repeat(call, count)
  const { user, system } = process.cpuUsage(before)
  return user + system
}

export async function repeat(call, count) {
  for (let index = 0; index < count; index++) {
    const result = call()
    if (result instanceof Promise) await result
  }
}

export function median(values) {
  const sorted = values.toSorted((left, right) => left - right)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
