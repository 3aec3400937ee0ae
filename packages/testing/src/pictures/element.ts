import { clean, cutMiddle } from '../text/display-text.ts'

/** Attribute values of an element; `undefined` leaves the attribute out. Numbers are rounded to tenths. */
export type Attributes = Readonly<Record<string, string | number | undefined>>

// In HTML no other element may close itself.
const hollow = /^(?:circle|path|rect)$/

/** One element of HTML or SVG with its children, which are markup already. Attribute values are escaped. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  let written = ''
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) written += ` ${key}="${typeof value === 'number' ? rounded(value) : escaped(value)}"`
  }
  return hollow.test(name) ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`
}

/** An element with a text, escaped; an empty string for an empty text. */
export function textIn(name: string, text: string, className?: string): string {
  return text === '' ? '' : element(name, { class: className }, escaped(text))
}

/** A name of at most this many letters, escaped; the whole one is its title. */
export function middleCut(name: string, most: number): string {
  const text = cutMiddle(name, most)
  return text === name ? escaped(name) : element('span', { title: name }, escaped(text))
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

function rounded(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value * 10) / 10) : '0'
}
