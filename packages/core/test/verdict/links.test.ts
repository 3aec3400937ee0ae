import type { Link } from '@opentelemetry/api'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/verdict/delivery.ts'
import { capLinks } from '../../src/verdict/links.ts'
import { OURS } from '../../src/base/names.ts'
import { CREATION, delivery, publication, TRACE } from '../messages.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

beforeAll(useContexts)

const carriers = ['1', '2', '3'].map((digit) => ({ traceparent: `00-${TRACE}-${digit.repeat(16)}-01` }))
const deliveries: Delivery[] = carriers.map((carrier) => delivery({ carrier }))
const reception = { system: 'kafka', operation: 'receive', destination: { name: 'orders' }, batch: true, startedAt: 1 }

/** A message with three links: to its batch, the attempt before and its creation. */
function processInBatch({ tracing }: Traced): void {
  const again = delivery({ identity: `links-${crypto.randomUUID()}` })
  tracing.process(again, () => {})
  tracing.processBatch([again], () => tracing.process(again, () => {}))
}

/** Makes one span with three links among others; gives its position among the ended ones. */
const MAKERS: readonly (readonly [string, (traced: Traced) => unknown, number])[] = [
  ['send', ({ tracing }) => tracing.send(publication(carriers.map((carrier) => ({ carrier }))), () => {}), 0],
  ['receive', ({ tracing }) => tracing.receive(reception, deliveries), 0],
  ['process', processInBatch, 1],
  ['batch', ({ tracing }) => tracing.processBatch(deliveries, () => {}), 0],
]

describe.each(MAKERS)('the links of a %s span', (_, make, position) => {
  function linksAt(maxLinks: number): readonly [links: readonly Link[], total: unknown] {
    const traced = createTraced({ maxLinks })
    make(traced)
    const span = traced.spans[position]
    return [span?.links ?? [], span?.attributes[OURS.linksTotal]]
  }

  test('are all there where they are not too many, and the total is not told', () => {
    expect(linksAt(3)).toEqual([expect.objectContaining({ length: 3 }), undefined])
  })

  test('are the newest where they are too many, and the total is told', () => {
    const [all] = linksAt(3)
    const [kept, total] = linksAt(2)
    expect(kept.map(({ attributes }) => attributes)).toEqual(all.slice(1).map(({ attributes }) => attributes))
    expect(kept.at(-1)?.context.spanId).toBe(all.at(-1)?.context.spanId)
    expect(total).toBe(3)
  })

  test('are none where none are allowed, and the total is told', () => {
    expect(linksAt(0)).toEqual([[], 3])
  })
})

test('the link of a single message of a bulk is left out as well where none are allowed', () => {
  const traced = createTraced({ maxLinks: 0 })
  const elsewhere = { destination: { name: 'elsewhere' } }
  traced.tracing.process(delivery(), () =>
    traced.tracing.send(publication([{ carrier: delivery().carrier }, {}], elsewhere), () => {}),
  )
  const created = traced.spans.filter(({ name }) => name === 'create elsewhere')
  expect(created.map(({ links }) => links)).toEqual([[], []])
  expect(created.map(({ attributes }) => attributes[OURS.linksTotal])).toEqual([1, undefined])
})

test('links are copied, never the list that somebody gave', () => {
  const links = [{ context: CREATION }]
  expect(capLinks(links, 1, {})).toEqual(links)
  expect(capLinks(links, 1, {})).not.toBe(links)
})
