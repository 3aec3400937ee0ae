import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { findingsIn, messageFacts, type RecordedSpan, type Recorder } from '@tracebaton/testing'
import { otlpJsonLines } from '@tracebaton/testing/otlp'
import { spanGraph, svg, waterfall } from '@tracebaton/testing/pictures'
import { rules } from '@tracebaton/testing/rules'
import { MAX_ATTEMPTS, type Order } from './orders.ts'

/** Draws what happened to one order. The calls that asked for messages say nothing about an order and are left out. */
export function draw(order: Order, spans: readonly RecordedSpan[]): string {
  return waterfall(withoutReceives(spans), { title: `Order ${order.id} ${order.story}` })
}

/** Writes a picture of every order and all spans, and gives the folder. */
export async function save(stories: readonly Story[]): Promise<string> {
  const folder = fileURLToPath(new URL('../out/', import.meta.url))
  await mkdir(folder, { recursive: true })
  for (const { order, spans } of stories) {
    await writeFile(`${folder}order-${order.id}.svg`, svg(withoutReceives(spans), { title: `Order ${order.id}` }))
  }
  await writeFile(`${folder}spans.jsonl`, otlpJsonLines(stories.flatMap(({ spans }) => spans)))
  return folder
}

/** An order and every span that parents or links connect to its request. */
export interface Story {
  readonly order: Order
  readonly spans: readonly RecordedSpan[]
}

/** Finds the spans of each order. */
export function tell(orders: readonly Order[], spans: readonly RecordedSpan[]): Story[] {
  const { journeys } = spanGraph(spans)
  return orders.map((order) => {
    const journey = journeys.find(({ traces }) =>
      traces.some(({ roots }) => roots.some(({ span }) => span.attributes['order.id'] === order.id)),
    )
    const traceIds = new Set(journey?.traces.map(({ traceId }) => traceId))
    return { order, spans: spans.filter(({ traceId }) => traceIds.has(traceId)) }
  })
}

/** A picture without holes: every parent and every linked span is there. */
const complete = rules.filter(({ id }) => id === 'no-orphans' || id === 'no-dangling-links')

/** What is wrong with the recording, in plain sentences; nothing when every order is one connected story. */
export function findFaults(recorder: Recorder, stories: readonly Story[]): string[] {
  const { spans, open } = recorder
  const told = new Set(stories.flatMap((story) => story.spans))
  return [
    ...open.map(({ name }) => `The span "${name}" started and never ended.`),
    ...findingsIn(spans, {}, complete).map(({ problem }) => problem),
    ...withoutReceives(spans)
      .filter((span) => !told.has(span))
      .map(({ name }) => `The span "${name}" is connected to no order.`),
    ...stories.flatMap(({ order, spans: own }) => faultsOf(order, own)),
  ]
}

function faultsOf(order: Order, spans: readonly RecordedSpan[]): string[] {
  const faults: string[] = []
  const expected = Math.min(order.failures + 1, MAX_ATTEMPTS)
  const attempts = spans.filter(({ name }) => name === 'process orders').map((span) => messageFacts(span).attempt)
  const wanted = Array.from({ length: expected }, (_, index) => index + 1)
  if (attempts.join() !== wanted.join()) {
    faults.push(`Order ${order.id} should show the attempts ${wanted.join(', ')}, and shows ${attempts.join(', ')}.`)
  }
  const last = order.failures < MAX_ATTEMPTS ? 'process emails' : 'process orders-dead'
  if (!spans.some(({ name }) => name === last)) faults.push(`Order ${order.id} never reached "${last}".`)
  return faults
}

function withoutReceives(spans: readonly RecordedSpan[]): RecordedSpan[] {
  return spans.filter((span) => messageFacts(span).operationType !== 'receive')
}
