import type { SpanContext } from '@opentelemetry/api'
import { processWide, SHARED } from '../base/shared-state.ts'
import type { AttemptMemory, Begun, Delivery, PastAttempt } from '../verdict/delivery.ts'
import type { Destination } from '../base/names.ts'
import { bound } from './attempts.ts'
import { Store } from './bounded.ts'

interface Handled extends PastAttempt {
  /** ms since the epoch, as the record says. */
  readonly sentAt: number | undefined
}

/**
 * The attempts of one consumer group on one partition of a log (Kafka). Above the mark, the highest offset that an attempt
 * began on, there is nothing to ask for. At or below it the record of the same offset and time answers; without one the
 * delivery counts as never seen: a replay, a seek back, a partition that was elsewhere, a recreated topic.
 */
export class Partition implements AttemptMemory {
  readonly destination: Destination
  /** The number, as attributes write it. */
  readonly id: string
  #mark = -1
  readonly #handled = new Store<number, Handled>()

  constructor(destination: Destination, partition: number) {
    this.destination = destination
    this.id = String(partition)
  }

  recall({ facts, sentAt }: Delivery): PastAttempt | undefined {
    const offset = facts?.offset
    if (offset === undefined || offset > this.#mark) return undefined
    const handled = this.#handled.get(offset)
    return handled?.sentAt === sentAt ? handled : undefined
  }

  recallElsewhere(): undefined {
    return undefined
  }

  latest(delivery: Delivery): PastAttempt | undefined {
    return this.recall(delivery)
  }

  began({ facts, sentAt }: Delivery, { attempt, redrives }: Begun, context: SpanContext): PastAttempt | undefined {
    const offset = facts?.offset
    if (offset === undefined) return undefined
    if (offset > this.#mark) this.#mark = offset
    const handled: Handled = { attempt, redrives, context, failure: undefined, running: undefined, sentAt }
    bound.put(this.#handled, offset, handled)
    return handled
  }

  ended(): undefined {
    return undefined
  }
}

/** The partitions that a consumer, or all consumers of a group in this process, have handled messages of. */
export interface Partitions {
  /** `undefined`: unknown. */
  readonly group: string | undefined
  of(topic: string, partition: number): Partition
}

function createPartitions(group: string | undefined): Partitions {
  const byTopic = new Map<string, { readonly destination: Destination; readonly list: Partition[] }>()
  return {
    group,
    of(topic, partition) {
      let known = byTopic.get(topic)
      if (known === undefined) byTopic.set(topic, (known = { destination: { name: topic }, list: [] }))
      return (known.list[partition] ??= new Partition(known.destination, partition))
    },
  }
}

/** By group. Its consumers hold the partitions, so that they go when the last of them does. */
const groups = processWide(SHARED.groups, () => new Map<string, WeakRef<Partitions>>())

const gone = new FinalizationRegistry<string>((group) => {
  if (groups.get(group)?.deref() === undefined) groups.delete(group)
})

/** @param group `undefined`: unknown, then the partitions are those of one consumer alone */
export function partitionsOf(group: string | undefined): Partitions {
  if (group === undefined) return createPartitions(undefined)
  const known = groups.get(group)?.deref()
  if (known !== undefined) return known
  const partitions = createPartitions(group)
  groups.set(group, new WeakRef(partitions))
  gone.register(partitions, group)
  return partitions
}
