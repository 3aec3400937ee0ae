import { messageFacts } from '../spans/facts.ts'
import { identityOf, messageIdentity, type MessageIdentity } from '../spans/identity.ts'
import { linkOf, type SpanLink, type SpanNode } from '../spans/graph.ts'
import { grouped } from '../spans/grouped.ts'
import { nearest } from '../spans/nearest.ts'

/** How a span hangs on the span that made its message. */
export type Via = 'parent' | 'link' | 'both'

/** The span that made a message, as another span of the message leads to it. */
export interface Connection {
  /** Absent when that span was not recorded. */
  readonly creation?: SpanNode
  readonly via: Via
}

/** A span that makes messages: its context goes onto them. */
export function isCreation({ span }: SpanNode): boolean {
  const { operationType } = messageFacts(span)
  return operationType === 'create' || (operationType === 'send' && span.kind === 'producer')
}

/** Whether a span made several messages that share its context. */
export function isBulk({ span }: SpanNode): boolean {
  const { batchSize, operationType } = messageFacts(span)
  return operationType !== 'create' && batchSize !== undefined && batchSize > 1
}

/** A run of a handler: on one message, or on a batch as a whole. */
export function isProcess({ span }: SpanNode): boolean {
  return messageFacts(span).operationType === 'process'
}

/**
 * Where a span of a message says the message comes from: its creation link, a send above it, or the receive span above
 * it that links the send. Undefined: it says nothing.
 */
export function connectionOf(node: SpanNode): Connection | undefined {
  const above = parentCreation(node)
  const linked = linkOf(node, 'creation') ?? node.links.find(leadsToCreation)
  if (!linked) return above
  const link: Connection = linked.target ? { creation: linked.target, via: 'link' } : { via: 'link' }
  if (!above) return link
  return above.creation === link.creation ? { ...above, via: 'both' } : link
}

function leadsToCreation({ link, target }: SpanLink): boolean {
  return link.role === undefined && target !== undefined && isCreation(target)
}

// What is nested in the handling of another message was not made by what made that one.
function parentCreation(node: SpanNode): Connection | undefined {
  if (!node.parent) {
    return node.parentMissing && node.span.remoteParent !== false ? { via: 'parent' } : undefined
  }
  const above = makerAround(node.parent)
  if (!above) return undefined
  return isCreation(above) ? { creation: above, via: 'parent' } : receivedWith(above, messageIdentity(node.span))
}

const makerAround = nearest((node) => {
  const { operationType } = messageFacts(node.span)
  return isCreation(node) || operationType === 'receive' || operationType === 'process' ? { value: node } : undefined
})

/** Of several links that fit, none is known to be the right one. */
function receivedWith(reception: SpanNode, identity: MessageIdentity | undefined): Connection | undefined {
  const links = linksByMessage(reception)
  const candidates =
    identity === undefined
      ? reception.links
      : [links.get(''), links.get(identity.key)].flatMap((fitting = []) => fitting.slice(0, 2))
  const [link] = candidates
  if (!link || candidates.length > 1) return undefined
  return link.target ? { creation: link.target, via: 'parent' } : { via: 'parent' }
}

// Every message of a batch asks for the links of the batch.
const receptions = new WeakMap<SpanNode, ReadonlyMap<string, readonly SpanLink[]>>()

/** The links of a reception by the key of the message that each names; empty for those that name none. */
function linksByMessage(reception: SpanNode): ReadonlyMap<string, readonly SpanLink[]> {
  const known = receptions.get(reception)
  if (known) return known
  const links = grouped(reception.links, ({ link }) => linkIdentity(reception, link.attributes)?.key ?? '')
  receptions.set(reception, links)
  return links
}

/** The message that a link of a batch's span is about, where the link says so. */
export function linkIdentity(
  node: SpanNode,
  attributes: Readonly<Record<string, unknown>>,
): MessageIdentity | undefined {
  const { messageId, partition, offset } = messageFacts({ ...node.span, attributes })
  const { system, destinationName, partition: shared } = messageFacts(node.span)
  if (messageId === undefined && offset === undefined) return undefined
  return identityOf({ system, destinationName, messageId, offset, partition: partition ?? shared })
}
