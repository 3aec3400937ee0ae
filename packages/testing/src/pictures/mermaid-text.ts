import { clean, cut } from '../text/display-text.ts'

// What Mermaid, or the Markdown and HTML around it, could read as something else; a code with a number is always text.
const special = /[^\p{L}\p{N}\p{M}\p{Extended_Pictographic} ._,:/()→⤷·…✗◌+=?!'*-]/gu

/** Text that stands in quotes as a label: nothing in it is syntax. What is longer than `length` columns is cut. */
export function mermaidLabel(text: string, length = 60): string {
  return cut(clean(text), length).replace(special, (character) => `#${character.codePointAt(0)};`)
}

/** Text for a line of its own, such as an accessible title, where no codes are understood. */
export function mermaidLine(text: string): string {
  return cut(clean(text).replace(special, ' ').replace(/\s+/g, ' ').trim(), 200)
}
