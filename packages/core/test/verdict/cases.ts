import type { SpanContext } from '@opentelemetry/api'
import type { Lineage, MoveFacts } from '../../src/wire/history.ts'
import type { Relation, Trust } from '../../src/base/policy.ts'
import type { BrokerHistory, Delivery, PastAttempt } from '../../src/verdict/delivery.ts'
import { spanContext } from '../sample.ts'

/** The span that sent the message. */
const creation: SpanContext = spanContext('c')
/** The attempt before this one, as the message names it. */
const named: SpanContext = spanContext('a')
/** The attempt before this one, as this process remembers it. */
const remembered: SpanContext = spanContext('b')
/** A creation context that other code has replaced. */
const replaced: SpanContext = spanContext('e')

/** One row of the table: what is known of a delivery, and the verdict. */
export interface Case {
  readonly name: string
  /** What the message says. */
  readonly context?: SpanContext | 'malformed' | undefined
  readonly lineage?: Lineage
  readonly moved?: MoveFacts
  /** What the broker says. */
  readonly broker?: Partial<Delivery>
  /** What it wrote into the headers about its moves of this copy. */
  readonly history?: BrokerHistory
  /** What this process remembers. */
  readonly past?: PastAttempt
  readonly pastElsewhere?: PastAttempt
  readonly trust?: Trust
  readonly relation?: Relation
  /** ms since first sent. */
  readonly age?: number
  /** Number, its source and the kind of the attempt. */
  readonly attempt: readonly [number, 'field' | 'memory' | 'broker' | 'assumed', string]
  readonly parent: 'creation' | 'ambient' | 'none'
  readonly links: readonly string[]
}

const retry: Lineage = { creation, attempt: 3, maxAttempts: 5, kind: 'delayed', previousAttempt: named }
const dead: Lineage = { creation, attempt: 1, kind: 'dead_letter', previousAttempt: named }
const facts: MoveFacts = { originalDestination: 'orders', attempts: 3, errorType: 'TimeoutError' }
const past = (attempt: number, redrives = 0): PastAttempt => ({ attempt, redrives, context: remembered })
const counted = (deliveries: number): Partial<Delivery> => ({ count: { deliveries, exact: true } })
const brokerDead = (waited = false): Partial<Delivery> => ({
  kind: 'dead_letter',
  deadLetter: { source: 'orders', reason: 'rejected', waited },
})

/** The destination of every delivery is `orders`, unless the broker says otherwise. */
export const cases: readonly Case[] = [
  {
    name: 'a new message',
    context: creation,
    attempt: [1, 'assumed', 'first'],
    parent: 'creation',
    links: ['creation'],
  },
  { name: 'a message without a context', attempt: [1, 'assumed', 'first'], parent: 'none', links: [] },
  {
    name: 'a message with a broken context',
    context: 'malformed',
    attempt: [1, 'assumed', 'first'],
    parent: 'none',
    links: [],
  },
  {
    name: 'a new message whose broker counts',
    context: creation,
    broker: counted(1),
    attempt: [1, 'broker', 'first'],
    parent: 'creation',
    links: ['creation'],
  },
  {
    name: 'the third delivery, by the broker’s exact count',
    context: creation,
    broker: counted(3),
    attempt: [3, 'broker', 'redelivery'],
    parent: 'creation',
    links: ['creation'],
  },
  {
    name: 'the third delivery, of which this process made the second',
    context: creation,
    broker: counted(3),
    past: past(2),
    attempt: [3, 'broker', 'redelivery'],
    parent: 'creation',
    links: ['previous_attempt', 'creation'],
  },
  {
    name: 'the second delivery, by the broker’s exact count, of which this process remembers two',
    context: creation,
    broker: counted(2),
    past: past(2),
    attempt: [2, 'broker', 'redelivery'],
    parent: 'creation',
    links: ['creation'],
  },
  {
    name: 'a redelivery whose broker says no number',
    context: creation,
    broker: { count: { deliveries: 2, exact: false } },
    past: past(4),
    attempt: [5, 'memory', 'redelivery'],
    parent: 'creation',
    links: ['previous_attempt', 'creation'],
  },
  {
    name: 'a delivery that only this process has counted',
    context: creation,
    past: past(1),
    attempt: [2, 'memory', 'redelivery'],
    parent: 'creation',
    links: ['previous_attempt', 'creation'],
  },
  {
    name: 'a retry copy',
    context: creation,
    lineage: retry,
    moved: facts,
    attempt: [3, 'field', 'delayed'],
    parent: 'creation',
    links: ['previous_attempt', 'creation'],
  },
  {
    name: 'a retry copy that waited in a queue of the broker',
    context: creation,
    lineage: retry,
    broker: brokerDead(true),
    attempt: [3, 'field', 'delayed'],
    parent: 'creation',
    links: ['previous_attempt', 'creation'],
  },
  {
    name: 'a retry copy, handed out again',
    context: creation,
    lineage: retry,
    broker: counted(2),
    attempt: [4, 'broker', 'redelivery'],
    parent: 'creation',
    links: ['creation'],
  },
  {
    name: 'a message that was rejected twice, and brought back from a wait queue',
    context: creation,
    history: { deaths: 2, kind: 'delayed', before: { queue: 'orders', deaths: 1 } },
    pastElsewhere: past(2),
    attempt: [3, 'broker', 'delayed'],
    parent: 'creation',
    links: ['previous_attempt', 'creation'],
  },
  {
    name: 'a retry copy that was rejected, and brought back',
    context: creation,
    lineage: retry,
    history: { deaths: 1, kind: 'delayed' },
    attempt: [4, 'broker', 'delayed'],
    parent: 'creation',
    links: ['creation'],
  },
  {
    name: 'a message whose producer is trusted for links only, with a history that it may have written itself',
    context: creation,
    history: { deaths: 2, kind: 'delayed' },
    trust: 'link-only',
    attempt: [1, 'assumed', 'first'],
    parent: 'none',
    links: ['creation'],
  },
  {
    name: 'a dead letter of the application',
    context: creation,
    lineage: dead,
    moved: { ...facts, originalDestination: 'shop' },
    attempt: [1, 'field', 'dead_letter'],
    parent: 'none',
    links: ['previous_attempt', 'creation'],
  },
  {
    name: 'a dead letter of the broker',
    context: creation,
    broker: brokerDead(),
    attempt: [1, 'assumed', 'dead_letter'],
    parent: 'none',
    links: ['creation'],
  },
  {
    name: 'a dead letter of the broker whose last attempt this process made',
    context: creation,
    broker: brokerDead(),
    pastElsewhere: past(3),
    attempt: [1, 'assumed', 'dead_letter'],
    parent: 'none',
    links: ['previous_attempt', 'creation'],
  },
  {
    name: 'a dead letter that a script put back where it came from',
    context: creation,
    lineage: dead,
    moved: facts,
    attempt: [1, 'field', 'redrive'],
    parent: 'creation',
    links: ['previous_attempt', 'creation'],
  },
  {
    name: 'a redriven message',
    context: creation,
    lineage: { creation, attempt: 1, kind: 'redrive', redrives: 1, previousAttempt: named },
    attempt: [1, 'field', 'redrive'],
    parent: 'creation',
    links: ['previous_attempt', 'creation'],
  },
  {
    name: 'a message whose context other code has replaced',
    context: creation,
    lineage: { ...retry, creation: replaced },
    attempt: [1, 'assumed', 'first'],
    parent: 'creation',
    links: ['origin', 'creation'],
  },
  {
    name: 'a message older than a trace may live',
    context: creation,
    age: 3_600_000,
    attempt: [1, 'assumed', 'first'],
    parent: 'none',
    links: ['creation'],
  },
  {
    name: 'a message of a scheduler',
    context: creation,
    broker: { scheduled: true },
    attempt: [1, 'assumed', 'first'],
    parent: 'none',
    links: ['creation'],
  },
  {
    name: 'a message whose consumer wants links',
    context: creation,
    relation: 'link',
    attempt: [1, 'assumed', 'first'],
    parent: 'none',
    links: ['creation'],
  },
  {
    name: 'a message whose producer wishes links',
    context: creation,
    lineage: { creation, relation: 'link' },
    attempt: [1, 'assumed', 'first'],
    parent: 'none',
    links: ['creation'],
  },
  {
    name: 'a dead letter whose consumer wants children',
    context: creation,
    lineage: dead,
    moved: { ...facts, originalDestination: 'shop' },
    relation: 'child',
    attempt: [1, 'field', 'dead_letter'],
    parent: 'creation',
    links: ['previous_attempt', 'creation'],
  },
  {
    name: 'a retry copy of a producer that is trusted for links only',
    context: creation,
    lineage: retry,
    trust: 'link-only',
    attempt: [1, 'assumed', 'first'],
    parent: 'none',
    links: ['previous_attempt', 'creation'],
  },
  {
    name: 'a retry copy of a producer that is ignored',
    context: creation,
    lineage: retry,
    trust: 'ignore',
    attempt: [1, 'assumed', 'first'],
    parent: 'none',
    links: [],
  },
  {
    name: 'a delivery that the active span belongs to',
    context: creation,
    broker: { ambient: true },
    attempt: [1, 'assumed', 'first'],
    parent: 'ambient',
    links: ['creation'],
  },
  {
    name: 'a delivery that the active span belongs to, whose consumer wants links',
    context: creation,
    broker: { ambient: true },
    relation: 'link',
    attempt: [1, 'assumed', 'first'],
    parent: 'none',
    links: ['creation'],
  },
]
