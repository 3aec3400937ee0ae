import { arrivalIdentity, type Arrival } from '../journeys/arrival.ts'
import { linkIdentity } from '../journeys/creation.ts'
import { messageFacts } from '../spans/facts.ts'
import { byMessage, type MessageIdentity } from '../spans/identity.ts'
import { spanGraph, type SpanGraph, type SpanNode } from '../spans/graph.ts'
import { journeysOf, type MessageJourney } from '../journeys/journey.ts'
import { nearestIn } from '../spans/nearest.ts'
import type { RecordedSpan } from '../spans/span.ts'
import type { Judgement, Rule } from './rule.ts'

/** What rules know besides spans. */
export interface CheckOptions {
  /** What stood on messages when they arrived; the broken hop is then told exactly. */
  readonly arrivals?: readonly Arrival[]
  /** Texts that may stand nowhere on a span: passwords, tokens, personal data of the test. */
  readonly secrets?: readonly string[]
  /** Baggage keys that may stand neither on spans nor, where arrivals are given, on messages. */
  readonly privateBaggage?: readonly string[]
  /**
   * What tells the messages of a test apart on the application's own spans: an attribute's name. Within the handling
   * of one message all values must then be equal.
   */
  readonly messageAttribute?: string
}

/** What is known of spans that are not at hand: in a large file, a batch and its messages are judged one by one. */
export interface Elsewhere {
  /** The trace flags of a span that was recorded, `null` where it has none. Undefined: it was not recorded. */
  flagsOf(span: Pick<RecordedSpan, 'traceId' | 'spanId'>): number | null | undefined
  /** Whether a batch links a send. Undefined: no such batch was recorded, or it does not link all of its messages. */
  isMember(
    batch: Pick<RecordedSpan, 'traceId' | 'spanId'>,
    send: Pick<RecordedSpan, 'traceId' | 'spanId'>,
  ): boolean | undefined
}

/** Where all spans are at hand. */
const nowhere: Elsewhere = { flagsOf: () => undefined, isMember: () => undefined }

/** Spans with everything that rules look at. Made once, for all rules. */
export interface Evidence {
  readonly graph: SpanGraph
  /** Every span once, by start. */
  readonly nodes: readonly SpanNode[]
  readonly journeys: readonly MessageJourney[]
  readonly options: CheckOptions
  readonly elsewhere: Elsewhere
  /** What stood on a message when it arrived last. */
  arrivalOf(identity: MessageIdentity, destination: string | undefined): Arrival | undefined
  /** Keys of the messages that a receive span links to their sends: their headers were there. */
  readonly received: ReadonlySet<string>
  /** The message that a span belongs to: its own, or the one that is being handled around it. */
  journeyOf(node: SpanNode): MessageJourney | undefined
}

/** Works out once what rules look at. */
export function evidenceOf(
  spans: readonly RecordedSpan[],
  options: CheckOptions = {},
  elsewhere: Elsewhere = nowhere,
): Evidence {
  const graph = spanGraph(spans)
  const nodes = [...graph.nodes.values()]
  const journeys = journeysOf(graph)
  const owners = new Map<SpanNode, MessageJourney>()
  for (const journey of journeys) {
    const { creation, attempts, moves } = journey
    if (creation && !journey.shared) owners.set(creation, journey)
    for (const { node } of attempts) owners.set(node, journey)
    for (const node of moves) owners.set(node, journey)
  }
  return {
    graph,
    nodes,
    journeys,
    options,
    elsewhere,
    arrivalOf: byMessage((options.arrivals ?? []).toReversed(), (arrival) => [
      arrivalIdentity(arrival),
      arrival.destination,
    ]),
    received: new Set(nodes.flatMap(receivedBy)),
    journeyOf: nearestIn(owners),
  }
}

function receivedBy(node: SpanNode): string[] {
  if (messageFacts(node.span).operationType !== 'receive') return []
  return node.links.flatMap(({ link }) => linkIdentity(node, link.attributes)?.key ?? [])
}

/** Applies rules to spans, for assertions and for the command. Never throws. */
export function judge(
  spans: readonly RecordedSpan[],
  options: CheckOptions,
  chosen: readonly Rule[],
  elsewhere?: Elsewhere,
): Judgement[] {
  const evidence = evidenceOf(spans, options, elsewhere)
  return chosen.map((rule) => ({ rule, applied: rule.applies(evidence), findings: rule.check(evidence) }))
}
