/** So many different messages are made beforehand; then they come again. */
const POOL = 256

/**
 * What a producer wrote on its messages, to be delivered.
 *
 * @template Written
 * @param {() => Promise<Written>} write sends one message and gives what is on it
 * @returns {Promise<() => Written>} gives one after the other, round and round
 */
export async function writtenBy(write) {
  const pool = []
  for (let index = 0; index < POOL; index++) pool.push(await write())
  let next = 0
  return () => pool[next++ % POOL]
}

/** Headers of the user's own. */
export function ownHeaders(count) {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-own-header-${index}`, `value ${index}`]))
}
