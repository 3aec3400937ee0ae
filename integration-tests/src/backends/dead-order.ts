import type { TracingOptions } from '@tracebaton/core'
import { orderNoting, sendOrders, SERVICES } from './journeys.ts'
import { SLOW_QUEUE } from './recipes.ts'
import { startServices } from './services.ts'
import { type Truth, truthsOf } from './truth.ts'

/** Sends twenty orders. Gives the one that fails for good, which the Collector keeps, in all its traces. */
export async function sendDeadOrder(collector: string, name: string, tracing: TracingOptions): Promise<Truth> {
  const services = startServices(SERVICES, { collector, processor: orderNoting })
  const journeys = await sendOrders({ services, count: 20, name, tracing, slow: SLOW_QUEUE * 1500 })
  await services.shutdown()
  const dead = truthsOf(journeys, services.recorder.spans).find(({ order }) => order.kind === 'dead')
  if (dead === undefined) throw new Error('Of twenty orders none has failed')
  return dead
}

/** The traces of an order: that of its first send, and the others. */
export function tracesOf({ spans }: Truth): { readonly first: string; readonly others: readonly string[] } {
  const first = spans.find(({ name }) => name === 'POST /orders')?.traceId ?? ''
  const others = new Set(spans.map(({ traceId }) => traceId))
  others.delete(first)
  return { first, others: [...others].toSorted() }
}
