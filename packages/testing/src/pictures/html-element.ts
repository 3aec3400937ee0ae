import { cutMiddle } from '../text/display-text.ts'
import { escaped } from './svg-element.ts'

/** Attribute values of an element; `undefined` leaves the attribute out, `true` writes it without a value. */
export type HtmlAttributes = Readonly<Record<string, string | number | true | undefined>>

/** One element with its children, which are markup already. Attribute values are escaped. */
export function tag(name: string, attributes: HtmlAttributes, ...children: readonly string[]): string {
  let written = ''
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue
    written += value === true ? ` ${key}` : ` ${key}="${escaped(String(value))}"`
  }
  return `<${name}${written}>${children.join('')}</${name}>`
}

/** A text of its own, escaped; an empty string for an empty text. */
export function textIn(name: string, text: string, className?: string): string {
  return text === '' ? '' : tag(name, { class: className }, escaped(text))
}

/** A name of at most this many letters, escaped; the whole one is its title. */
export function middleCut(name: string, most: number): string {
  const text = cutMiddle(name, most)
  return text === name ? escaped(name) : tag('span', { title: name }, escaped(text))
}
