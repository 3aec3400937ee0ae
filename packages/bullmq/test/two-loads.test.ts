import { createRequire } from 'node:module'
import { beforeAll, describe, expect, test } from 'vitest'
import { useContexts } from '../../core/test/contexts.ts'
import { createRecording, rolesOf } from '../../testing/test/recording.ts'
import { createBullmq } from './fake-bullmq.ts'

type Build = typeof import('../src/index.ts')

/** Both builds of the package in this process, as in a program of which one half is CommonJS. */
const load = (path: string): Promise<Build> => import(/* @vite-ignore */ new URL(path, import.meta.url).href)
const esm: Build = await load('../dist/esm/index.js')
const commonjs = createRequire(import.meta.url)('../dist/cjs/index.js') as Build

beforeAll(useContexts)

test('the builds are two', () => {
  expect(esm.traceHandler).not.toBe(commonjs.traceHandler)
})

describe.each([
  ['the ES module', esm, 'CommonJS', commonjs],
  ['CommonJS', commonjs, 'the ES module', esm],
])('with the telemetry of %s', (_, one, __, other) => {
  test('and the rest of %s a job is added once, and has one attempt', async () => {
    const { options, span, failures } = createRecording()
    const { queue, work } = createBullmq(one.bullmqTelemetry(options))
    const job = await other.traceQueue(queue, options).add('charge', 1)
    await work(job, other.traceHandler(other.traceHandler(() => {})))
    await work(job, one.traceHandler(other.traceHandler(() => {})))
    expect(span('add orders').attributes['messaging.message.id']).toBe('1')
    expect(failures).toEqual([])
  })

  test('and the rest of %s an attempt knows what became of its job, and a parent knows its children', async () => {
    const { options, spans } = createRecording()
    const { queue, work } = createBullmq(one.bullmqTelemetry(options))
    const parent = await queue.add('ship', 1)
    const child = { ...(await queue.add('pack', 1)), parentKey: `bull:orders:${parent.id}` }
    await work(
      child,
      other.traceHandler(() => {}),
    )
    await work(
      parent,
      one.traceHandler(() => {}),
    )
    const [, second] = spans('process orders')
    expect(rolesOf(second!)).toEqual(['child_job', 'creation'])
    expect(spans('process orders').map(({ attributes }) => attributes['tracebaton.delivery.outcome'])).toEqual([
      'acked',
      'acked',
    ])
  })
})
