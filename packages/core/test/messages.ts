import type { Delivery, OutgoingMessage, Publication } from '../src/verdict/delivery.ts'
import type { Lineage } from '../src/wire/history.ts'
import { formatLineage } from '../src/wire/lineage.ts'
import { parseTraceparent } from '../src/wire/traceparent.ts'

export const TRACE = '0af7651916cd43dd8448eb211c80319c'
export const SPAN = 'b7ad6b7169203331'
export const TRACEPARENT: string = `00-${TRACE}-${SPAN}-01`

/** The context that {@link TRACEPARENT} names. */
export const CREATION: NonNullable<ReturnType<typeof parseTraceparent>> = parseTraceparent(TRACEPARENT)!

/** One arrival of a message on `orders` that carries {@link TRACEPARENT}. */
export function delivery(part: Partial<Delivery> = {}): Delivery {
  return { system: 'kafka', destination: { name: 'orders' }, carrier: { traceparent: TRACEPARENT }, ...part }
}

/** A lineage field written for {@link TRACEPARENT}. */
export function lineage(part: Partial<Lineage> = {}): string {
  return formatLineage(part, CREATION)
}

/** A call that sends messages to `orders`: one, unless there are several. */
export function publication(
  messages: readonly Partial<OutgoingMessage>[] = [{}],
  part: Partial<Publication> = {},
): Publication {
  return {
    system: 'kafka',
    operation: 'send',
    destination: { name: 'orders' },
    batch: messages.length > 1,
    messages: messages.map((message) => ({ carrier: {}, ...message })),
    ...part,
  }
}
