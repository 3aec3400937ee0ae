// Control characters could move the cursor or change colours; the direction marks could reorder what is read.
const unsafe = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu
const invisible = /^[\p{Mn}\p{Me}\p{Cf}]$/u
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f1e6}-\u{1f1ff}\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}|\ufe0f/u
const plain = /^[\x20-\x7e]*$/
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Text from outside made safe to print: one line, no control characters, no lone surrogates. */
export function clean(text: string): string {
  if (plain.test(text)) return text
  return text.replace(/[\t\r\n]+/g, ' ').replace(unsafe, '')
}

/** The columns that cleaned text takes on a terminal: two for East Asian and emoji, none for combining marks. */
export function displayWidth(text: string): number {
  if (plain.test(text)) return text.length
  let width = 0
  for (const grapheme of graphemesOf(text)) width += graphemeWidth(grapheme)
  return width
}

/** Text that takes at most `width` columns; what does not fit ends with `…`. */
export function cut(text: string, width: number): string {
  if (text.length <= width && plain.test(text)) return text
  const fitting = fitted(graphemesOf(text), width, displayWidth).join('')
  if (fitting === text) return text
  const start = fitted(graphemesOf(fitting), width - 1, displayWidth).join('')
  return width < 1 ? '' : `${start.trimEnd()}…`
}

/**
 * Text that takes at most `width`; of a longer one the middle is left out, because names differ at both ends.
 *
 * @param measure the width of a text or of a part of it
 */
export function cutMiddle(text: string, width: number, measure: (text: string) => number = displayWidth): string {
  // No text that fits is longer, unless nothing of it is seen.
  const longest = Math.ceil(Math.max(0, width)) * 8 + most
  if (text.length <= longest && measure(text) <= width) return text
  const room = width - measure('…')
  if (room < 0) return ''
  const start = fitted(graphemesOf(text.slice(0, longest)), room / 2, measure).join('')
  const ends = [...graphemesOf(text.slice(-longest).replace(/^[\udc00-\udfff]/, ''))].toReversed()
  const end = fitted(ends, room - measure(start), measure).toReversed()
  return `${start.trimEnd()}…${end.join('').trimStart()}`
}

/** The first parts of a text that take at most `width` together. */
function fitted(parts: Iterable<string>, width: number, measure: (text: string) => number): string[] {
  const taken: string[] = []
  let used = 0
  for (const part of parts) {
    used += measure(part)
    if (used > width) break
    taken.push(part)
  }
  return taken
}

/** Text that takes exactly `width` columns: cut, or filled with spaces on the right. */
export function fit(text: string, width: number): string {
  const short = cut(text, width)
  return short + ' '.repeat(Math.max(0, width - displayWidth(short)))
}

// Each step of the segmenter costs as much as its whole text is long, so it gets this many code units at a time.
const most = 64

/** The graphemes of a text, in order. One that is longer than the segmenter's part of the text comes in pieces. */
export function* graphemesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const end = start + most
    const part = text.slice(start, /[\udc00-\udfff]/.test(text.charAt(end)) ? end - 1 : end)
    const last = end >= text.length
    let taken = 0
    for (const { segment, index } of graphemes.segment(part)) {
      // The last one may go on behind the part.
      if (!last && index > 0 && index + segment.length === part.length) break
      taken = index + segment.length
      yield segment
    }
    start += taken
  }
}

function graphemeWidth(grapheme: string): number {
  if (wide.test(grapheme)) return 2
  return invisible.test(grapheme) ? 0 : 1
}
