const ROUNDS = 15

/**
 * Runs variants of the same work in turn, round after round, so that whatever else the machine does meets all alike.
 *
 * @param {Record<string, () => unknown>} variants what to call, by name; a promise is awaited
 * @param {number} calls per round and variant
 * @returns {Promise<Record<string, number>>} CPU time of one call in µs: of the median round
 */
export async function measure(variants, calls) {
  const names = Object.keys(variants)
  const rounds = Object.fromEntries(names.map((name) => [name, []]))
  // The first rounds warm up, and do not count.
  for (let round = -3; round < ROUNDS; round++) {
    for (const name of names) {
      const time = await cpuTime(variants[name], calls)
      if (round >= 0) rounds[name].push(time)
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(rounds[name])]))
}

async function cpuTime(call, calls) {
  globalThis.gc?.()
  const before = process.cpuUsage()
  for (let index = 0; index < calls; index++) await call()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / calls
}

function median(values) {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]
}
