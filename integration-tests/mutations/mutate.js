/**
 * Source text of core with a mutation in it.
 *
 * @throws where the text to replace is not there exactly once: core has changed, and the mutation has to follow
 */
export function mutate(source, { name, file, edits }) {
  let mutated = source
  for (const [from, to] of edits) {
    const found = mutated.split(from).length - 1
    if (found !== 1) throw new Error(`The mutation “${name}” does not apply: ${found} times in ${file} stands ${from}`)
    mutated = mutated.replace(from, () => to)
  }
  return mutated
}
