import { cutMiddle, displayWidth, graphemesOf } from '../text/display-text.ts'
import { attributes, markup, type Content } from './markup.ts'

/** The size of most text, px. */
export const fontSize = 13
/** The size of what is said beside and below a span, px. */
export const smallSize = 12

/** How much wider bold letters are. */
export const boldness = 1.15

// In parts of the font size, as wide as the widest of the usual fonts has them: the reader's fonts are not known. Other letters are
// taken as about as wide as they are in terminals.
const widths: readonly (readonly [characters: RegExp, width: number])[] = [
  [/[ijl.,:;|!'`() [\]/\\-]/g, 0.42],
  [/[mwMW@%…→⤷⋯·—–]/g, 1.04],
  [/[a-zà-åç-öø-ýÿµ0-9_"<>=+*?$^~#]/g, 0.65],
  [/[A-ZÀ-ÅÇ-ÖØ-Þß&{}]/g, 0.8],
]

/** How wide a text becomes at most, px. */
export function textWidth(text: string, size: number = fontSize): number {
  let width = 0
  let rest = text
  for (const [characters, each] of widths) {
    const left = rest.replace(characters, '')
    width += (rest.length - left.length) * each
    rest = left
  }
  for (const grapheme of graphemesOf(rest)) width += [0, 0.6, 1][displayWidth(grapheme)] ?? 0
  return width * size
}

/** Whether a text has letters whose widths are not known. */
function isStrange(text: string): boolean {
  return widths.reduce((rest, [characters]) => rest.replace(characters, ''), text) !== ''
}

/** A text within a width, px: the middle of a longer one is left out. */
export function fitting(text: string, width: number, size: number = fontSize): string {
  return cutMiddle(text, width / size, (part) => textWidth(part, 1))
}

/** A piece of a line of text. */
export interface TextPart {
  readonly text: string
  readonly fill: string
  readonly bold?: boolean
}

/** A line of text that is never wider than it was measured: letters whose widths are not known are squeezed. */
export function textLine(parts: readonly TextPart[], x: number, y: number, size?: number, look?: string): Content {
  const seen = parts.filter(({ text }) => text !== '')
  if (seen.length === 0) return undefined
  const strange = seen.some(({ text }) => isStrange(text))
  const width = seen.reduce((sum, { text, bold }) => sum + textWidth(text, size) * (bold ? boldness : 1), 0)
  const squeezed = strange && { textLength: width * 0.94, lengthAdjust: 'spacingAndGlyphs' }
  const spans = seen.map(({ text, fill, bold }) => {
    return markup`<tspan${attributes({ fill, 'font-weight': bold ? 600 : undefined })}>${text}</tspan>`
  })
  return markup`<text${attributes({ x, y, class: look, 'font-size': size, ...squeezed })}>${spans}</text>`
}
