import { connectionOf, isBulk, isCreation, isProcess, type Via } from './creation.ts'
import { isBatch, messageFacts, type MessageFacts } from '../spans/facts.ts'
import { byMessage, messageIdentity, type MessageIdentity } from '../spans/identity.ts'
import {
  createDisjointSets,
  linkOf,
  spanGraph,
  type DisjointSets,
  type SpanGraph,
  type SpanNode,
} from '../spans/graph.ts'
import type { RecordedSpan } from '../spans/span.ts'
import { grouped } from '../spans/grouped.ts'
import { nearestIn } from '../spans/nearest.ts'

/** One run of a handler on one message. */
export interface MessageAttempt {
  readonly node: SpanNode
  readonly facts: MessageFacts
  /** What the span says to tell its message from others. */
  readonly identity: MessageIdentity | undefined
  /** The span that made the message, as this attempt leads to it. Absent: it leads nowhere that was recorded. */
  readonly creation?: SpanNode
  /** How it leads there. Absent: the attempt says nothing about where its message comes from. */
  readonly via?: Via
}

/** What happened to one message: the send, every attempt, and the sends of it that moved it on. */
export interface MessageJourney {
  /** Names the message for people: `kafka orders/0@42`, or where nothing identifies it: `a message to orders`. */
  readonly message: string
  /** The span that made the message: the one that names the same message, else the one that an attempt leads to. */
  readonly creation?: SpanNode
  /** By start, each after the one that it links. Empty: nobody has handled the message. */
  readonly attempts: readonly MessageAttempt[]
  /** Sends of the same message again, by start: retries, dead letters, redrives, relays. Not those that a broker made. */
  readonly moves: readonly SpanNode[]
  /** The send was a bulk send, and its context is on other messages too. */
  readonly shared: boolean
}

/**
 * Tells the stories of single messages. Attempts belong together when they name the same message, when one links the
 * other as the attempt before, or when they lead to the same send and nothing says that they are different messages. A
 * batch that was handled as a whole belongs to no journey, and joins none.
 */
export function messageJourneys(spans: readonly RecordedSpan[]): MessageJourney[] {
  return journeysOf(spanGraph(spans))
}

/** The same, of spans whose graph is there. */
export function journeysOf({ nodes }: Pick<SpanGraph, 'nodes'>): MessageJourney[] {
  const all = [...nodes.values()]
  const attempts = all.filter((node) => isProcess(node) && !isBatch(node.span)).map(attemptOf)
  const creations = all.filter(isCreation)
  const moves = all.filter(isMove)
  const together = createDisjointSets<object>()
  const atoms = new Map<SpanNode, MessageAttempt>(attempts.map((attempt) => [attempt.node, attempt]))

  joinSameIdentity(attempts, creations, together)
  for (const { node } of attempts) {
    for (const { link, target } of node.links) {
      if (link.role === 'previous_attempt' && target && !isBatch(target.span)) together.join(target, node)
    }
  }
  const shared = joinByCreation(attempts, together)
  const around = nearestIn(atoms)
  for (const move of moves) joinMove(move, move.parent && around(move.parent), shared, together)

  const groups = grouped([...creations, ...attempts.map(({ node }) => node), ...moves], (node) =>
    shared.has(node) ? undefined : together.find(node),
  )
  return [...groups.values()].map((members) => journeyOf(members, atoms, shared)).toSorted(byStart)
}

function attemptOf(node: SpanNode): MessageAttempt {
  const { creation, via } = connectionOf(node) ?? {}
  return {
    node,
    facts: messageFacts(node.span),
    identity: messageIdentity(node.span),
    ...(creation && { creation }),
    ...(via && { via }),
  }
}

/** A send of a message that somebody else had made. */
function isMove(node: SpanNode): boolean {
  const { operationType } = messageFacts(node.span)
  return operationType === 'send' && node.span.kind === 'client' && linkOf(node, 'creation') !== undefined
}

/** A broker that was emptied gives an id twice: then an attempt belongs to the send that it leads to. */
function joinSameIdentity(
  attempts: readonly MessageAttempt[],
  creations: readonly SpanNode[],
  together: DisjointSets<object>,
): void {
  const madeFor = byMessage(creations, ({ span }) => [messageIdentity(span), messageFacts(span).destinationName])
  const first = new Map<string, SpanNode>()
  for (const { node, identity, creation, via, facts } of attempts) {
    if (!identity) continue
    const own = creation && isCreation(creation) && messageIdentity(creation.span)?.key === identity.key
    // An attempt that follows a span which was not recorded was hardly sent to another queue by one that was.
    const anywhere = via === undefined || creation !== undefined
    const anchor = own ? creation : (madeFor(identity, facts.destinationName, anywhere) ?? first.get(identity.key))
    if (anchor) together.join(anchor, node)
    else first.set(identity.key, node)
  }
}

/** Gives the creations whose context is on several messages of one destination: they tell no messages apart. */
function joinByCreation(attempts: readonly MessageAttempt[], together: DisjointSets<object>): Set<SpanNode> {
  const followers = grouped(attempts, ({ creation }) => creation)
  const shared = new Set<SpanNode>()
  for (const [creation, followed] of followers) {
    const named = followed.filter(({ identity }) => identity)
    const places = [...grouped(named, ({ facts }) => facts.destinationName ?? '').values()]
    const isShared = places.some((same) => new Set(same.map(({ node }) => together.find(node))).size > 1)
    if (isShared || isBulk(creation)) shared.add(creation)
    else for (const { node } of followed) together.join(creation, node)
  }
  return shared
}

/** @param mover the attempt that the move was made in */
function joinMove(
  move: SpanNode,
  mover: MessageAttempt | undefined,
  shared: ReadonlySet<SpanNode>,
  together: DisjointSets<object>,
): void {
  const target = linkOf(move, 'creation')?.target
  if (mover) {
    if (mover.creation === target) together.join(mover.node, move)
  } else if (target && !shared.has(target)) together.join(target, move)
}

function journeyOf(
  members: readonly SpanNode[],
  atoms: ReadonlyMap<SpanNode, MessageAttempt>,
  shared: ReadonlySet<SpanNode>,
): MessageJourney {
  const attempts = inOrder(members.flatMap((node) => atoms.get(node) ?? []))
  const moves = members.filter((node) => !atoms.has(node) && !isCreation(node))
  const made = members.find(isCreation)
  const creation = made ?? attempts.find((attempt) => attempt.creation)?.creation
  const identity =
    (made && messageIdentity(made.span)) ?? attempts.find((attempt) => attempt.identity !== undefined)?.identity
  const place = messageFacts((creation ?? members[0]!).span).destination ?? attempts[0]?.facts.destination
  return {
    message: identity?.text ?? (place === undefined ? 'a message' : `a message to ${place}`),
    ...(creation && { creation }),
    attempts,
    moves: moves.toSorted((one, other) => one.span.startTime - other.span.startTime),
    shared: creation !== undefined && (shared.has(creation) || isBulk(creation)),
  }
}

/** By start, but each after the attempt that it links: the clocks of two services disagree by more than a redelivery takes. */
function inOrder(attempts: readonly MessageAttempt[]): MessageAttempt[] {
  const sorted = attempts.toSorted((one, other) => one.node.span.startTime - other.node.span.startTime)
  const left = new Map(sorted.map((attempt) => [attempt.node, attempt]))
  return sorted.flatMap(({ node }) => {
    const chain: MessageAttempt[] = []
    for (let next: SpanNode | undefined = node; next; next = linkOf(next, 'previous_attempt')?.target) {
      const attempt = left.get(next)
      if (!attempt) break
      left.delete(next)
      chain.push(attempt)
    }
    return chain.toReversed()
  })
}

function byStart(one: MessageJourney, other: MessageJourney): number {
  return startOf(one) - startOf(other)
}

function startOf({ creation, attempts, moves }: MessageJourney): number {
  return (creation ?? attempts[0]?.node ?? moves[0])?.span.startTime ?? 0
}
