import { copyWith, type AdapterTracing } from '@tracebaton/core/adapter'
import type { Next, ReceivedMessage } from './client.ts'
import { arrivals } from './consumer.ts'
import { queueOfUrl, requestFacts, SYSTEM, toDelivery } from './describe.ts'

/** System attributes that we read; the broker gives only what it is asked for. A message that is moved stays in its group. */
const SYSTEM_ATTRIBUTES = [
  'AWSTraceHeader',
  'ApproximateReceiveCount',
  'SentTimestamp',
  'DeadLetterQueueSourceArn',
  'MessageGroupId',
]

interface ReceiveInput {
  readonly QueueUrl?: string
  readonly MessageAttributeNames?: readonly string[]
  readonly MessageSystemAttributeNames?: readonly string[]
  readonly AttributeNames?: readonly string[]
}

/**
 * Whether the discontinued `AttributeNames` are to list what we read, too. `All`: they are the only list that is sent, and
 * not every name that we read was ever documented for it.
 */
export type Legacy = boolean | 'All'

/** Asks the client for its version, once. */
export type LegacyNames = () => Promise<Legacy>

/** `ReceiveMessage`: asks for what we read, and remembers where each message came from. */
export function traceReceive(tracing: AdapterTracing, next: Next, legacyNames: LegacyNames): Next {
  return async (args) => {
    const startedAt = Date.now()
    const legacy = await legacyNames()
    const input = tracing.guard(() => askForAll(tracing, args.input as ReceiveInput, legacy))
    const queue = tracing.guard(() => queueOfUrl((args.input as ReceiveInput).QueueUrl)) ?? queueOfUrl(undefined)
    const reception = { system: SYSTEM, operation: 'receive', destination: queue.destination, batch: true, startedAt }
    try {
      const response = await next(input === undefined ? args : { ...args, input })
      tracing.guard(() => {
        const { Messages = [] } = response.output as { Messages?: readonly ReceivedMessage[] }
        const at = Date.now()
        const facts = Object.assign({}, queue.facts, requestFacts(response.output))
        const deliveries = Messages.map((message) => {
          const delivery = toDelivery(message, queue, at)
          arrivals.note(message, { tracing, delivery, queue })
          return delivery
        })
        tracing.receive({ ...reception, facts }, deliveries)
      })
      return response
    } catch (error) {
      tracing.receive({ ...reception, facts: queue.facts, error }, [])
      throw error
    }
  }
}

function askForAll(tracing: AdapterTracing, input: ReceiveInput, legacyNames: Legacy): ReceiveInput {
  const legacy = legacyNames || input.AttributeNames !== undefined
  const names = legacyNames === 'All' ? ['All'] : SYSTEM_ATTRIBUTES
  return copyWith(input, {
    MessageAttributeNames: withNames(input.MessageAttributeNames, tracing.fieldNames()),
    MessageSystemAttributeNames: withNames(input.MessageSystemAttributeNames, SYSTEM_ATTRIBUTES),
    ...(legacy && { AttributeNames: withNames(input.AttributeNames, names) }),
  })
}

/** The caller's list and ours, each name once; a list that asks for everything stays as it is. */
function withNames(list: readonly string[] = [], names: readonly string[]): readonly string[] {
  if (list.includes('All') || list.includes('.*')) return list
  return [...list, ...names.filter((name) => !list.includes(name))]
}
