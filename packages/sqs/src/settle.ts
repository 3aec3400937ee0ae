import type { AdapterTracing, Outcome } from '@tracebaton/core/adapter'
import type { Next } from './client.ts'
import { queueOfUrl, refusedPositions, SYSTEM } from './describe.ts'

interface SettleInput {
  readonly QueueUrl?: string
  readonly ReceiptHandle?: string
  readonly VisibilityTimeout?: number
  readonly Entries?: readonly {
    readonly Id?: string
    readonly ReceiptHandle?: string
    readonly VisibilityTimeout?: number
  }[]
}

/** `DeleteMessage` and `ChangeMessageVisibility`, one or many: what becomes of the message. */
export function traceSettle(tracing: AdapterTracing, operation: string, outcome: OutcomeOfEntry, next: Next): Next {
  return (args) => {
    const settlement = tracing.guard(() => {
      const input = args.input as SettleInput
      const entries = input.Entries ?? [input]
      const { destination, facts } = queueOfUrl(input.QueueUrl)
      return {
        system: SYSTEM,
        operation,
        destination,
        facts,
        outcome: outcome(entries[0] ?? {}),
        outcomes: entries.map(outcome),
        keys: entries.map(({ ReceiptHandle }) => ReceiptHandle ?? ''),
        batch: input.Entries !== undefined,
        refused: (response: unknown) => refusedPositions((response as { output: unknown }).output, input.Entries ?? []),
      }
    })
    return settlement === undefined ? next(args) : tracing.settle(settlement, () => next(args))
  }
}

export type OutcomeOfEntry = (entry: Pick<SettleInput, 'VisibilityTimeout'>) => Outcome | undefined

/** Visible again at once means given back; a longer time may mean either that or that the work goes on. */
export const outcomeOfVisibility: OutcomeOfEntry = ({ VisibilityTimeout }) =>
  VisibilityTimeout === 0 ? 'requeued' : undefined
