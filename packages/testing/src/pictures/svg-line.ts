import { element, escaped, type SvgAttributes } from './svg-element.ts'
import { boldness, fontSize, isStrange, textWidth, type TextPart } from './svg-text.ts'

/** A line of text that is never wider than it was measured: letters whose widths are not known are squeezed. */
export function textLine(parts: readonly TextPart[], attributes: SvgAttributes): string {
  const seen = parts.filter(({ text }) => text !== '')
  if (seen.length === 0) return ''
  const size = Number(attributes['font-size'] ?? fontSize)
  const strange = seen.some(({ text }) => isStrange(text))
  const width = seen.reduce((sum, { text, bold }) => sum + textWidth(text, size) * (bold ? boldness : 1), 0)
  return element(
    'text',
    { ...attributes, ...(strange && { textLength: width * 0.94, lengthAdjust: 'spacingAndGlyphs' }) },
    ...seen.map(({ text, fill, bold }) =>
      element('tspan', { fill, 'font-weight': bold ? 600 : undefined }, escaped(text)),
    ),
  )
}
