import type { Fact, SpanRow } from '../protocol.ts'
import { element } from './dom.ts'
import { linkLine } from './link-line.ts'

/** All that a span says. @param id of its journey */
export function spanFacts(row: SpanRow, id: string): HTMLElement[] {
  const links = row.links.map((link) => element('div', {}, linkLine(link, id)))
  return [
    factList(row.facts),
    ...(links.length === 0 ? [] : [heading('Links'), ...links]),
    ...(row.attributes.length === 0 ? [] : [heading('Attributes'), factList(row.attributes)]),
    ...row.events.flatMap(({ name, attributes }) => [heading(`Event ${name}`), factList(attributes)]),
  ]
}

function heading(text: string): HTMLElement {
  return element('h4', {}, text)
}

function factList(facts: readonly Fact[]): HTMLElement {
  const parts = facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])
  return element('dl', {}, ...parts)
}
