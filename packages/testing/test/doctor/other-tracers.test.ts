import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { otherTracerOf, silentTracer } from '../../../core/src/base/other-tracers.ts'
import { diagnoseProcess } from '../../src/doctor/diagnose.ts'
import { diagnoseFiles } from '../../src/doctor/files.ts'
import { otherTracers } from '../../src/doctor/other-tracers.ts'
import { hideLoadedModules } from './hidden-modules.ts'
import { projectWith } from './project.ts'

const home = globalThis as { [key: string | symbol]: unknown }
const USED = Symbol.for('tracebaton.said.1')

hideLoadedModules()

afterEach(() => {
  for (const { mark } of otherTracers) delete home[mark]
  delete home[USED]
})

const listener = (): void => undefined
const of = (id: string) => diagnoseProcess().filter((diagnosis) => diagnosis.id === id)

test.each(otherTracers)('without an SDK, $name is named as one, if told', ({ name, mark, register }) => {
  home[mark] = {}
  expect(of('sdk')).toEqual([expect.objectContaining({ state: 'ill', advice: `${name} is one if told: ${register}.` })])
  expect(silentTracer()?.[1]).toBe(register)
})

const followed = otherTracers.flatMap(({ name, mark, channels }) =>
  Object.entries(channels).map(([client, channel]) => ({ name, mark, client, channel })),
)

test.each(followed)('$client is ill if $name listens to it beside tracebaton', ({ name, mark, client, channel }) => {
  home[mark] = {}
  home[USED] = new Set()
  expect(of('instrumentation')).toEqual([])
  subscribe(channel, listener)
  onTestFinished(() => void unsubscribe(channel, listener))
  expect(of('instrumentation')).toEqual([
    expect.objectContaining({ state: 'ill', finding: expect.stringContaining(`${name} follows ${client} in`) }),
  ])
  delete home[USED]
  expect(of('instrumentation')).toEqual([])
})

test('channels and advice are those of the warnings', async () => {
  const adapters = ['kafka', 'amqp', 'sqs', 'bullmq'] as const
  const all = await Promise.all(
    adapters.map(
      async (name) =>
        ((await import(`../../../${name}/src/client.ts`)) as typeof import('../../../kafka/src/client.ts')).FOLLOWERS,
    ),
  )
  const channelsOf = (key: 'datadog' | 'sentry') => all.flatMap((one) => one[key]?.[1] ?? []).toSorted()
  const [datadog, sentry] = otherTracers
  expect(Object.values(datadog!.channels).toSorted()).toEqual(channelsOf('datadog'))
  expect(Object.values(sentry!.channels).toSorted()).toEqual(channelsOf('sentry'))
  const byElastic = Object.assign(() => undefined, { [Symbol('elasticAPMIsWrapped')]: true })
  expect(otherTracerOf(byElastic, all[0]!)?.[1]).toBe(otherTracers[2]!.spare)
})

test('a tracer that is installed beside an adapter is doubtful', async () => {
  const tracers = { 'node_modules/dd-trace': '5.132.0', 'node_modules/@sentry/node': '11.12.0' }
  const found = async (more: object) =>
    diagnoseFiles(await projectWith({ ...tracers, ...more })).filter(({ id }) => id === 'instrumentation')
  expect(await found({})).toEqual([])
  expect(await found({ 'node_modules/@tracebaton/bullmq': '0.1.0' })).toEqual([
    expect.objectContaining({ state: 'doubtful', finding: expect.stringContaining('dd-trace is installed beside') }),
    expect.objectContaining({ state: 'doubtful', finding: expect.stringContaining('@sentry/node is installed') }),
  ])
})
