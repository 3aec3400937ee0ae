import { beforeAll, expect, inject, test, vi } from 'vitest'
import { playDemo } from '../src/backends/demo.ts'
import { orderNoting, sendOrders, SERVICES } from '../src/backends/journeys.ts'
import { ask, type Query, queriesOfDashboards, queriesOfPages, recordedByRules } from '../src/backends/promql.ts'
import { exampleFolder, SLOW_QUEUE } from '../src/backends/recipes.ts'
import { startServices } from '../src/backends/services.ts'
import { run } from '../src/command.ts'

const { collector, prometheus, prometheusImage } = inject('backends')

async function deliveries(): Promise<number> {
  const [sample] = await ask(prometheus, 'sum(tracebaton_deliveries_total)')
  return Number(sample?.value[1] ?? 0)
}

/** Rates need two scrapes with something between them. */
beforeAll(async () => {
  const services = startServices(SERVICES, { collector, processor: orderNoting })
  for (const name of ['first', 'second']) {
    const before = await deliveries()
    await sendOrders({ services, count: 40, name, tracing: {}, slow: SLOW_QUEUE * 1500 })
    await services.flush()
    await vi.waitUntil(async () => (await deliveries()) > before + 100, { timeout: 30_000, interval: 200 })
  }
  await services.shutdown()
})

const empty = async (queries: readonly Query[]): Promise<Query[]> => {
  const answers = await Promise.all(
    queries.map(async (query) => ({ query, samples: await ask(prometheus, query.text) })),
  )
  return answers.filter(({ samples }) => samples.length === 0).map(({ query }) => query)
}

test('every query of the documentation returns a value', async () => {
  const queries = await queriesOfPages()
  expect(queries.length).toBeGreaterThan(0)
  await expect.poll(() => empty(queries), { timeout: 20_000 }).toEqual([])
})

test('every panel of the dashboards has a value', async () => {
  const queries = await queriesOfDashboards()
  expect(queries.length).toBeGreaterThan(0)
  await expect.poll(() => empty(queries), { timeout: 20_000 }).toEqual([])
})

test('every recording rule records something', async () => {
  const rules = await recordedByRules()
  expect(rules.length).toBeGreaterThan(0)
  await expect.poll(() => empty(rules), { timeout: 20_000 }).toEqual([])
})

test('the recording rules and alerts pass their own tests', async () => {
  const words = ['test', 'rules', 'rules.test.yml']
  const inImage = [
    'run',
    '--rm',
    `--volume=${exampleFolder}:/rules:ro`,
    '--workdir=/rules',
    '--entrypoint=/bin/promtool',
  ]
  const result =
    prometheusImage === undefined
      ? await run('promtool', words, { folder: exampleFolder })
      : await run('docker', inImage.concat(prometheusImage, words))
  expect(result.code, 'promtool is not installed: name an image in TRACEBATON_PROMETHEUS_IMAGE').not.toBe(127)
  expect(result).toMatchObject({ code: 0 })
})

test('the demo sends its metrics as well', async () => {
  await playDemo(collector)
  const query = 'tracebaton_deliveries_total{job="demo",tracebaton_delivery_outcome="acked"}'
  await expect.poll(() => ask(prometheus, query), { timeout: 20_000 }).not.toEqual([])
})
