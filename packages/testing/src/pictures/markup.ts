import { clean, cutMiddle } from '../text/display-text.ts'

/** HTML or SVG in which nothing has to be escaped any more. */
export interface Markup {
  readonly markup: string
}

/** What stands in a template: texts are escaped, numbers are rounded to tenths, of what is absent nothing is written. */
export type Content = Markup | string | number | undefined | readonly Content[]

/** Markup from a template. A line break in it is nothing, or the space in front of an attribute. */
export function markup(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const written = parts.map((part, index) => {
    const inOneLine = part.replace(/\n\s*(?=[\w-]+=")/g, ' ').replace(/\n\s*/g, '')
    return inOneLine + writtenOf(contents[index])
  })
  return { markup: written.join('') }
}

function writtenOf(content: Content): string {
  if (content === undefined) return ''
  if (typeof content === 'string') return escaped(content)
  if (typeof content === 'number') return Number.isFinite(content) ? String(Math.round(content * 10) / 10) : '0'
  return 'markup' in content ? content.markup : content.map(writtenOf).join('')
}

/** Attributes of an element, each with a space in front; those that are undefined are left out. */
export function attributes(given: Readonly<Record<string, string | number | undefined>>): Markup[] {
  const there = Object.entries(given).filter(([, value]) => value !== undefined)
  return there.map(([name, value]) => markup` ${name}="${value}"`)
}

/** A name of at most this many letters; the whole one is its title. */
export function middleCut(name: string, most: number): Content {
  const text = cutMiddle(name, most)
  return text === name ? name : markup`<span title="${name}">${text}</span>`
}

/** Text made safe to stand in markup: no control characters, nothing that could be read as an element. */
export function escaped(text: string): string {
  return clean(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
