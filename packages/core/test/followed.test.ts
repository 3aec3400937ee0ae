import { ProxyTracerProvider, trace } from '@opentelemetry/api'
import { beforeEach, describe, expect, it } from 'vitest'
import { followOptions } from '../src/followed.ts'
import type { TracingOptions } from '../src/options.ts'
import { resolveTracing } from '../src/instances.ts'
import { createAdapterTracing } from '../src/tracing.ts'
import { delivery, publication } from './messages.ts'
import { createSdk, registerContextManager, resetGlobals } from './sdk.ts'

resetGlobals()
beforeEach(registerContextManager)

const SCOPE = { name: 'adapter', version: '1' }
const settlement = {
  system: 'kafka',
  operation: 'commit',
  destination: { name: 'orders' },
  keys: [],
  batch: false,
  outcome: 'acked' as const,
}

describe('tracing that follows options', () => {
  it('records with the provider of the moment', () => {
    const [first, second] = [createSdk(), createSdk()]
    let now: TracingOptions | undefined = { tracerProvider: first.tracerProvider }
    const followed = followOptions(() => now)
    const tracing = resolveTracing({ tracing: followed }, SCOPE)
    const become = (next: TracingOptions | undefined): void => {
      now = next
      followed.changed()
    }
    tracing.process(delivery(), () => {})
    become({ tracerProvider: second.tracerProvider })
    tracing.send(publication(), () => {})
    become(undefined)
    tracing.send(publication(), () => {})
    become({ tracerProvider: first.tracerProvider })
    tracing.process(delivery(), () => {})
    expect(first.ended().map(({ name }) => name)).toEqual(['process orders', 'process orders'])
    expect(second.ended().map(({ name }) => name)).toEqual(['send orders'])
  })

  it('ends an attempt that began before there were no options by its settlement', () => {
    const sdk = createSdk()
    let now: TracingOptions | undefined = { tracerProvider: sdk.tracerProvider }
    const followed = followOptions(() => now)
    const tracing = resolveTracing({ tracing: followed }, SCOPE)
    const begun = ['one', 'many'].map((name) => tracing.open(delivery({ destination: { name } })))
    for (const attempt of begun) attempt.run(() => {})
    now = undefined
    followed.changed()
    tracing.settleOne(
      begun[0],
      'rejected',
      () => settlement,
      () => {},
    )
    tracing.settle({ ...settlement, keys: [1], attempts: [begun[1]], outcome: 'rejected' }, () => {})
    expect(sdk.ended().map(({ name, attributes }) => [name, attributes['tracebaton.delivery.outcome']])).toEqual([
      ['process one', 'rejected'],
      ['process many', 'rejected'],
    ])
  })

  it('hands over that it follows', () => {
    const sdk = createSdk()
    let now: TracingOptions | undefined
    const followed = followOptions(() => now)
    const tracing = resolveTracing({ tracing: followed }, SCOPE)
    const other = resolveTracing({ tracing }, { name: 'another', version: '1' })
    now = { tracerProvider: sdk.tracerProvider, maxMessageBytes: 7 }
    followed.changed()
    expect([other.maxMessageBytes, tracing.options.maxMessageBytes]).toEqual([7, 7])
    other.process(delivery(), () => {})
    expect(sdk.ended().map(({ instrumentationScope }) => instrumentationScope.name)).toEqual(['another'])
  })

  it('is one instance for each scope', () => {
    const following = followOptions(() => undefined)
    expect(resolveTracing({ tracing: following }, SCOPE)).toBe(resolveTracing({ tracing: following }, SCOPE))
  })

  it('passes everything on as long as there are no options', () => {
    const tracing = resolveTracing({ tracing: followOptions(() => undefined) }, SCOPE)
    const message = delivery()
    expect([
      tracing.send(publication([{}, {}]), (injections) => injections),
      tracing.openSend(publication()),
      tracing.process(message, () => 1),
      tracing.processBatch([message], () => 2),
      tracing.settle(settlement, () => 3),
      tracing.settleOne(
        undefined,
        'acked',
        () => settlement,
        () => 4,
      ),
      tracing.open(message).run(() => 5),
      tracing.open(message).isOpen(),
      tracing.isIdle(),
    ]).toEqual([[], undefined, 1, 2, 3, 4, 5, false, true])
  })

  it('writes onto a moved message how often it was handled even then', () => {
    const tracing = resolveTracing({ tracing: followOptions(() => undefined) }, SCOPE)
    const move = { kind: 'retry' as const, delivery: delivery() }
    const fields = tracing.send(publication([{}], { move }), ([injection]) => injection?.fields)
    expect(fields).toHaveProperty('tracebaton')
  })
})

it('an instance is idle that was given the provider of the API itself', () => {
  const tracing = createAdapterTracing({ tracerProvider: trace.getTracerProvider() })
  expect(tracing.isIdle()).toBe(true)
  trace.setGlobalTracerProvider(createSdk().tracerProvider)
  expect(tracing.isIdle()).toBe(false)
  const own = createAdapterTracing({ tracerProvider: new ProxyTracerProvider() })
  expect(own.isIdle()).toBe(false)
})
