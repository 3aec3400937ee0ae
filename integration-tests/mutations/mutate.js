/**
 * The source text with a mutation in it.
 *
 * @throws where the text to replace is not there exactly once: the source has changed, and the mutation has to follow
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

/** The file that a mutation breaks, from the root of the repository. */
export function sourceOf({ package: of = 'core', file }) {
  return `packages/${of}/src/${file}`
}

/** The test file that has to notice, from the root of the repository: by default the contract on streams in memory. */
export function suiteOf({ package: of = 'core', test }) {
  return test === undefined ? 'examples/stream-adapter/test/contract.test.ts' : `packages/${of}/test/${test}`
}
