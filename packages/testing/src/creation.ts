import { messageFacts } from './facts.ts'
import type { SpanLink, SpanNode } from './graph.ts'
import { identityOf, messageIdentity, type MessageIdentity } from './identity.ts'

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
  const linked = node.links.find(({ link }) => link.role === 'creation') ?? node.links.find(leadsToCreation)
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
  const identity = messageIdentity(node.span)
  let current: SpanNode = node
  for (let parent = current.parent; parent; parent = parent.parent) {
    if (isCreation(parent)) return { creation: parent, via: 'parent' }
    const { operationType } = messageFacts(parent.span)
    if (operationType === 'receive' || operationType === 'process') return receivedWith(parent, identity)
    current = parent
  }
  const remote = current === node && current.parentMissing && node.span.remoteParent !== false
  return remote ? { via: 'parent' } : undefined
}

function receivedWith(reception: SpanNode, identity: MessageIdentity | undefined): Connection | undefined {
  const candidates = reception.links.filter(({ link }) => {
    const named = linkIdentity(reception, link.attributes)
    return identity === undefined || named === undefined || named.key === identity.key
  })
  const [link, ...more] = candidates
  if (!link || more.length > 0) return undefined
  return link.target ? { creation: link.target, via: 'parent' } : { via: 'parent' }
}

/** The message that a link of a batch's span is about, where the link says so. */
export function linkIdentity(
  node: SpanNode,
  attributes: Readonly<Record<string, unknown>>,
): MessageIdentity | undefined {
  const { messageId, partition, offset } = messageFacts({ ...node.span, attributes })
  const { system, destination, partition: shared } = messageFacts(node.span)
  if (messageId === undefined && offset === undefined) return undefined
  return identityOf({ system, destination, messageId, offset, partition: partition ?? shared })
}
