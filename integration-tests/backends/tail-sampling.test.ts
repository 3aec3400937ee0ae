import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SpanStatusCode } from '@opentelemetry/api'
import { AlwaysOnSampler, ParentBasedSampler, type Sampler } from '@opentelemetry/sdk-trace-node'
import type { TracingOptions } from '@tracebaton/core'
import { journeySampler } from '@tracebaton/core/sampler'
import { beforeAll, expect, inject, test } from 'vitest'
import { missingFrom, spansOf, untilFileHas } from '../src/backends/files.ts'
import { orderNoting, sendOrders, SERVICES } from '../src/backends/journeys.ts'
import { DECISION_WAIT, SLOW_QUEUE } from '../src/backends/recipes.ts'
import { type Figures, figuresOf } from '../src/backends/sampling-figures.ts'
import { startServices } from '../src/backends/services.ts'
import { keyOf, type Truth, truthsOf, waitedLong } from '../src/backends/truth.ts'

const { collector, files } = inject('backends')

const ORDERS = 600
const relations = ['auto', 'child', 'link'] as const
type Relation = (typeof relations)[number]

/** A usual set-up, and the one that the page about sampling recommends. */
interface Setup {
  readonly file: 'usual' | 'kept'
  readonly sampler?: Sampler
  readonly tracing: TracingOptions
}

const setups: Readonly<Record<'before' | 'after', Setup>> = {
  before: { file: 'usual', tracing: {} },
  after: {
    file: 'kept',
    sampler: new ParentBasedSampler({ root: journeySampler(new AlwaysOnSampler()) }),
    // At most the Collector's decision_wait. It is as well the wait from which on producers are told.
    tracing: { maxTraceAge: SLOW_QUEUE * 1000, followUp: 'producer' },
  },
}
type SetupName = keyof typeof setups

const runs = relations.flatMap((relation) => (['before', 'after'] as const).map((setup) => ({ relation, setup })))
const figures = new Map<string, Figures>()
const figuresOfRun = (relation: Relation, setup: SetupName): Figures => figures.get(`${relation} ${setup}`)!

async function play(relation: Relation, setup: SetupName): Promise<Truth[]> {
  const { sampler, tracing } = setups[setup]
  const services = startServices(SERVICES, { collector, processor: orderNoting, ...(sampler && { sampler }) })
  const journeys = await sendOrders({
    services,
    count: ORDERS,
    name: `${relation}-${setup}`,
    tracing: { ...tracing, relation },
    slow: SLOW_QUEUE * 1500,
  })
  await services.shutdown()
  return truthsOf(journeys, services.recorder.spans)
}

/** A usual Collector keeps this one, once it has decided about everything before it. */
async function decided(): Promise<void> {
  const services = startServices(['end'], { collector })
  const span = services.of.end.tracerProvider.getTracer('end').startSpan('the end')
  span.setStatus({ code: SpanStatusCode.ERROR })
  span.end()
  await services.shutdown()
  await untilFileHas(files, 'usual', span.spanContext().traceId)
}

beforeAll(async () => {
  const truths = new Map<string, Truth[]>()
  for (const { relation, setup } of runs) truths.set(`${relation} ${setup}`, await play(relation, setup))
  await decided()
  const kept = { usual: await spansOf(files, 'usual'), kept: await spansOf(files, 'kept') }
  for (const { relation, setup } of runs) {
    const run = `${relation} ${setup}`
    figures.set(run, figuresOf(truths.get(run) ?? [], kept[setups[setup].file]))
  }
  if (process.env['TRACEBATON_SAMPLING'] === 'write') {
    const written = runs.map(({ relation, setup }) => ({ relation, setup, figures: figuresOfRun(relation, setup) }))
    const text = JSON.stringify({ orders: ORDERS, runs: written }, null, 2)
    await writeFile(join(import.meta.dirname, 'sampling.json'), `${text}\n`)
  } else console.log(figures)
}, 300_000)

const share = ({ whole, part, none }: Figures['good']): number => whole / (whole + part + none)

test.each(['auto', 'child'] as const)(
  'with the relation %s every order that failed, even once, or waited is kept whole',
  (relation) => {
    const { failed, retried } = figuresOfRun(relation, 'after')
    expect({ failed, retried }).toEqual({
      failed: { whole: 120, part: 0, none: 0 },
      retried: { whole: 60, part: 0, none: 0 },
    })
  },
)

test('with the relation link the way to what went wrong is kept of 95 % of the orders that failed or waited', () => {
  expect(share(figuresOfRun('link', 'after').failedPath)).toBeGreaterThanOrEqual(0.95)
})

test.each(relations)('with the relation %s a tenth of the good orders is kept, and none in part', (relation) => {
  const { good } = figuresOfRun(relation, 'after')
  expect(good.part).toBe(0)
  expect(share(good)).toBeGreaterThan(0.05)
  expect(share(good)).toBeLessThan(0.16)
})

test('a message that waits longer than the decision takes is kept from its first attempt on', async () => {
  const services = startServices(SERVICES, { collector, processor: orderNoting })
  const journeys = await sendOrders({
    services,
    count: 60,
    name: 'late',
    tracing: { maxTraceAge: DECISION_WAIT * 1000 },
    slow: (DECISION_WAIT + 2) * 1000,
  })
  await services.shutdown()
  const late = truthsOf(journeys, services.recorder.spans).filter(({ order }) => order.kind === 'slow')
  const waited = late.flatMap(({ spans }) => {
    const traces = new Set(spans.filter(waitedLong).map(({ traceId }) => traceId))
    return spans.filter(({ traceId }) => traces.has(traceId)).map(keyOf)
  })
  expect(waited.length).toBeGreaterThan(late.length)
  await expect.poll(() => missingFrom(files, 'kept', waited), { timeout: 15_000 }).toEqual([])
})
