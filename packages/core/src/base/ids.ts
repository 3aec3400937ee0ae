/** Digits in a row, a UUID, a hash. */
const ID = /\d{3}|[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{16}/i
const DIGIT = /\d/
/** A word of so many characters, digits among them, is no word. */
const LONG = 20
/** Characters that are looked at. */
const LONGEST_NAME = 256

/**
 * A name that producers make of words, with `*` for each word that has too many values for a name: the template of a
 * destination. `undefined`: there is no such word, and the name itself will do.
 *
 * @param separator what stands between two words
 */
export function withoutIds(name: string, separator: string): string | undefined {
  const words = name.slice(0, LONGEST_NAME).split(separator)
  return words.some(isId) ? words.map((word) => (isId(word) ? '*' : word)).join(separator) : undefined
}

function isId(word: string): boolean {
  return ID.test(word) || (word.length >= LONG && DIGIT.test(word))
}
