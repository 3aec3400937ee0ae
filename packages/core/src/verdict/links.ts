import type { Attributes, Link } from '@opentelemetry/api'
import { OURS } from '../base/names.ts'

/** The newest links that a span may have; on one that has to leave some out, `attributes` get the number of all. */
export function capLinks(links: readonly Link[], most: number, attributes: Attributes): Link[] {
  if (links.length <= most) return [...links]
  attributes[OURS.linksTotal] = links.length
  return links.slice(links.length - most)
}
