import { clean } from '../text/display-text.ts'
import { messageFacts } from '../spans/facts.ts'
import type { SpanLink, SpanNode } from '../spans/graph.ts'
import { spanKey } from '../spans/span.ts'

const roles: Readonly<Record<string, string>> = {
  previous_attempt: 'previous attempt',
  child_job: 'child job',
}

// A batch can link a hundred messages; a picture stays a picture.
const most = 8

/**
 * What a span's links say, one text per group of links that read the same. Left out is what the tree shows already:
 * a link to the parent, and a link to the attempt before under the same parent.
 */
export function linkTexts(node: SpanNode): string[] {
  const byTarget = new Map<string, { roles: Set<string>; links: SpanLink[] }>()
  const missingParent = node.parentMissing && node.span.parentSpanId
  if (missingParent) {
    const context = { traceId: node.span.traceId, spanId: missingParent }
    byTarget.set(spanKey(context), { roles: new Set(['parent']), links: [{ link: { ...context, attributes: {} } }] })
  }
  for (const link of node.links) {
    if (shownByTree(node, link)) continue
    const key = spanKey(link.link)
    const entry = byTarget.get(key) ?? { roles: new Set(), links: [link] }
    entry.roles.add(linkRole(node, link))
    byTarget.set(key, entry)
  }
  const counts = new Map<string, number>()
  for (const { roles: named, links } of byTarget.values()) {
    const [link] = links
    if (!link) continue
    const text = `${[...named].join(', ')} ${targetText(link)}`
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  const texts = [...counts].map(([text, count]) => `⤷ ${text}${count > 1 ? ` ×${count}` : ''}`)
  return texts.length <= most ? texts : [...texts.slice(0, most - 1), `⤷ … ${texts.length - most + 1} more`]
}

/** Whether the tree already says what the link says. */
function shownByTree(node: SpanNode, { link, target }: SpanLink): boolean {
  if (!target) return false
  return target === node.parent || (link.role === 'previous_attempt' && !!node.parent && target.parent === node.parent)
}

/** Why a link is there, in words: `creation`, `previous attempt`, `last attempt` … */
export function linkRole(node: SpanNode, { link }: SpanLink): string {
  const role = link.role ?? 'link to'
  if (role === 'previous_attempt' && messageFacts(node.span).deliveryKind === 'dead_letter') return 'last attempt'
  return Object.hasOwn(roles, role) ? roles[role]! : clean(role)
}

function targetText({ link, target }: SpanLink): string {
  if (!target) return `(not recorded) ${clean(link.traceId).slice(0, 4)}…/${clean(link.spanId).slice(0, 4)}…`
  const { attempt } = messageFacts(target.span)
  const isAttempt = attempt !== undefined && (attempt > 1 || link.role === 'previous_attempt')
  return clean(target.span.name) + (isAttempt ? ` attempt ${attempt}` : '')
}
