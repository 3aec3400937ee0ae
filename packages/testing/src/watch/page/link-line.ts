import type { LinkText } from '../protocol.ts'
import { element } from './dom.ts'

/** A link, to be followed where it leads to something that is kept. */
export function linkLine({ role, text, row, journey, missing }: LinkText, id: string): HTMLElement {
  const target = row === undefined ? (journey === undefined ? undefined : `#${journey}`) : `#${id}/${row}`
  return element(
    'span',
    { class: 'link' },
    `⤷ ${role} `,
    target === undefined ? element('code', {}, text) : element('a', { href: target }, text),
    missing === undefined ? '' : ` (${missing})`,
  )
}
