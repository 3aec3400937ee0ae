import type { SpanLink, SpanNode } from '../spans/graph.ts'
import { clean } from '../text/display-text.ts'
import { markup, middleCut, type Content } from './markup.ts'
import { linkRole, type PictureRow } from './picture.ts'

/** Where each span that is shown stands on the page. Ids from outside are not used: they could be anything. */
export type Places = ReadonlyMap<SpanNode, Place>

/** The two places of one span, as ids of the page: `row-3` and `span-3`. */
interface Place {
  readonly row: string
  readonly details: string
  /** `process orders attempt 2/3`. */
  readonly text: string
  /** The spans whose links lead to it, in the order of the page. */
  readonly linkedFrom: Set<SpanNode>
}

/** Gives every span of the page its places. */
export function createPlaces(rows: readonly PictureRow[]): Places {
  const places = new Map<SpanNode, Place>()
  for (const [index, row] of rows.entries()) {
    const text = row.attempt === '' ? row.name : `${row.name} ${row.attempt}`
    places.set(row.place.node, { row: `row-${index}`, details: `span-${index}`, text, linkedFrom: new Set() })
  }
  for (const node of places.keys()) {
    for (const { target } of node.links) if (target) places.get(target)?.linkedFrom.add(node)
  }
  return places
}

/** A clickable mention of a span: of its row in the picture, or of its details. */
export function mention(node: SpanNode, places: Places, part: 'row' | 'details' = 'row'): Content {
  const place = places.get(node)
  if (!place) return middleCut(clean(node.span.name), 64)
  return markup`<a href="#${place[part]}">${middleCut(place.text, 64)}</a>`
}

/** What a link says, and where it leads: clickable, unless that span was not recorded. */
export function linkMention(node: SpanNode, link: SpanLink, places: Places, part: 'row' | 'details' = 'row'): Content {
  const role = middleCut(linkRole(node, link), 32)
  if (link.target) return [role, ' ', mention(link.target, places, part)]
  return markup`${role} <code>${link.link.traceId}/${link.link.spanId}</code> (not recorded)`
}

/** The parent that was not recorded. */
export function missingParent({ span }: SpanNode): Content {
  return markup`<code>${span.parentSpanId}</code> (not recorded)`
}
