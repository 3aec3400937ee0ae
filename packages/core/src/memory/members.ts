import type { SpanContext } from '@opentelemetry/api'
import type { Delivery, OutgoingMessage } from '../verdict/delivery.ts'
import type { Extracted } from '../wire/format.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { formatLineage, type Lineage } from '../wire/lineage.ts'

/** What a message of a batch is recognised by. */
export function memberOf({ identity, carrier }: Delivery): unknown {
  return identity ?? carrier
}

/** The messages of one handling, by what tells them from each other. */
interface Members {
  readonly byMember: ReadonlyMap<unknown, readonly Verdict[]>
  readonly byContext: ReadonlyMap<unknown, readonly Verdict[]>
  readonly byCarrier: ReadonlyMap<unknown, readonly Verdict[]>
  readonly byHistory: ReadonlyMap<unknown, readonly Verdict[]>
}

/** Built once for each handling, and only where somebody asks: a batch may hold thousands. */
const built = new WeakMap<readonly Verdict[], Members>()

function membersOf(messages: readonly Verdict[]): Members {
  let members = built.get(messages)
  if (members === undefined) {
    members = {
      byMember: grouped(messages, ({ delivery }) => memberOf(delivery)),
      byContext: grouped(messages, ({ creation }) => contextKey(creation)),
      byCarrier: grouped(messages, ({ delivery }) => delivery.carrier),
      byHistory: grouped(messages, ({ creation, lineage }) => historyKey(creation, lineage)),
    }
    built.set(messages, members)
  }
  return members
}

/** The message of a handling that a delivery is of. */
export function findDelivered(messages: readonly Verdict[], delivery: Delivery): Verdict | undefined {
  const member = memberOf(delivery)
  return member === undefined ? undefined : membersOf(messages).byMember.get(member)?.[0]
}

/** The message of a handling that another one was made from, and whether it is surely that one. */
export interface Found {
  readonly verdict: Verdict
  readonly certain: boolean
}

/**
 * The message being handled that is sent once more. The messages of a bulk send share a context: their own headers, or else
 * their lineage, tell them apart, and where that does not, it is one of them.
 */
export function findSent(
  messages: readonly Verdict[],
  { creation, lineage }: Extracted,
  { carrier }: OutgoingMessage,
): Found | undefined {
  const key = contextKey(creation)
  const [first, second] = messages
  if (first !== undefined && second === undefined) {
    return contextKey(first.creation) === key ? { verdict: first, certain: true } : undefined
  }
  const { byContext, byCarrier, byHistory } = membersOf(messages)
  const known = only(byContext.get(key)) ?? only(byCarrier.get(carrier))
  if (known !== undefined && contextKey(known.creation) === key) return { verdict: known, certain: true }
  const alike = byHistory.get(historyKey(creation, lineage))
  return alike?.[0] && { verdict: alike[0], certain: alike.length === 1 }
}

function only(found: readonly Verdict[] = []): Verdict | undefined {
  return found.length === 1 ? found[0] : undefined
}

function contextKey(context: SpanContext | undefined): string | undefined {
  return context && context.traceId + context.spanId
}

function historyKey(creation: SpanContext | undefined, lineage: Lineage | undefined): string | undefined {
  return creation && `${contextKey(creation)} ${lineage === undefined ? '' : formatLineage(lineage)}`
}

function grouped(
  messages: readonly Verdict[],
  keyOf: (message: Verdict) => unknown,
): ReadonlyMap<unknown, readonly Verdict[]> {
  const groups = new Map<unknown, Verdict[]>()
  for (const message of messages) {
    const key = keyOf(message)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [message])
    else group.push(message)
  }
  return groups
}
