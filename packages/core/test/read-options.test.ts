import { describe, expect, test, vi } from 'vitest'
import { OURS } from '../src/base/names.ts'
import type { OnError } from '../src/base/report.ts'
import { readOptions } from '../src/read-options.ts'
import { ownOptions, resolveTracing, tracingToldBy } from '../src/instances.ts'
import { createAdapterTracing, createTracing } from '../src/tracing.ts'
import { OK, P } from './sample.ts'
import { createSdk, only, resetGlobals } from './sdk.ts'

resetGlobals()

const flush = (): void => undefined
const SCOPE = { name: '@tracebaton/kafka', version: '1.2.3' }

/** An object one of whose members cannot be read. */
const unreadable = (name: string): object =>
  Object.defineProperty({}, name, {
    enumerable: true,
    get() {
      throw new Error('no value')
    },
  })

/** What the span of a message with a context and baggage says, under options that no compiler has seen. */
function attemptWith(options: object) {
  const sdk = createSdk()
  const tracing = createAdapterTracing({ ...options, tracerProvider: sdk.tracerProvider })
  tracing.process({ system: 'kafka', destination: {}, carrier: { traceparent: OK } }, () => undefined)
  const span = only(sdk.ended())
  return { parent: span.parentSpanContext?.spanId, status: span.attributes[OURS.contextStatus] }
}

const BELIEVED = { parent: P, status: undefined }
const IGNORED = { parent: undefined, status: 'untrusted' }

describe('trust', () => {
  test.each([
    ['nothing', undefined],
    ['a function that gives nothing', () => undefined],
  ])('is full for %s', (_, trust) => {
    expect(attemptWith({ trust })).toEqual(BELIEVED)
  })

  test.each([
    ['null', null],
    ['another word', 'none'],
    ['false', false],
    ['a function that gives null', () => null],
    ['a function that gives another word', () => 'none'],
    ['a function that gives a promise', async () => 'full'],
    [
      'a function that throws',
      () => {
        throw new Error('no answer')
      },
    ],
  ])('is none for %s, and that is reported', (_, trust) => {
    const onError = vi.fn<OnError>()
    expect(attemptWith({ trust, onError })).toEqual(IGNORED)
    expect(onError.mock.calls.map(([, { stage }]) => stage)).toContain('options')
  })

  test('is none if it cannot be read', () => {
    const sdk = createSdk()
    const options = Object.assign(unreadable('trust'), { tracerProvider: sdk.tracerProvider })
    const tracing = createAdapterTracing(options)
    tracing.process({ system: 'kafka', destination: {}, carrier: { traceparent: OK } }, () => undefined)
    expect(only(sdk.ended()).parentSpanContext).toBeUndefined()
  })
})

test.each([
  ['an object', () => ({})],
  ['a number', () => 7],
  ['null', () => null],
  ['a promise', async () => 'orders.*'],
])('a template that gives %s is none, and that is reported', (_, destinationTemplate) => {
  const onError = vi.fn<OnError>()
  const sdk = createSdk()
  const options = { destinationTemplate, onError, tracerProvider: sdk.tracerProvider } as object
  const message = { carrier: {} }
  const sent = createAdapterTracing(options).send(
    { system: 'kafka', operation: 'send', destination: { name: 'orders' }, batch: false, messages: [message] },
    ([injection]) => injection?.fields,
  )
  expect(sent).toHaveProperty('traceparent')
  expect(only(sdk.ended()).name).toBe('send orders')
  expect(onError.mock.calls.filter(([, { stage }]) => stage === 'options')).not.toEqual([])
})

describe('reading options', () => {
  test.each([
    ['relation', 'parent'],
    ['maxTraceAge', '15 min'],
    ['maxTraceAge', Number.NaN],
    ['maxOpen', -1],
    ['maxOpen', '1 h'],
    ['errorStatus', 'last'],
    ['spanPerMessageUpTo', '10'],
    ['republish', 'retry'],
    ['convention', '1.46'],
    ['destinationTemplate', 'orders'],
    ['onError', 'log'],
    ['tracerProvider', {}],
    ['meterProvider', 'global'],
    ['propagator', 'b3'],
    ['hooks', 'none'],
    ['spans', true],
    ['capture', 7n],
  ])('takes %s: %o for the default, and says so', (name, value) => {
    const { options, complaints } = readOptions({ [name]: value })
    expect(options).toEqual(['hooks', 'spans', 'capture'].includes(name) ? { [name]: {} } : {})
    expect(complaints).toEqual([expect.stringMatching(new RegExp(`^The option ${name} is .*; it has to be `))])
  })

  test.each([
    ['trust', 'all', 'ignore'],
    ['baggage', 'yes', false],
    ['baggage', null, false],
    ['baggage', ['tenant', 7], false],
  ])('takes %s: %o for what is safe, and says so', (name, value, safe) => {
    const { options, complaints } = readOptions({ [name]: value })
    expect(options).toEqual({ [name]: safe })
    expect(complaints).toHaveLength(1)
  })

  test.each([
    ['a word', 'off'],
    ['what cannot be read', unreadable('redact')],
    ['a `redact` that is none', { redact: 'secrets' }],
  ])('lets no text of errors out under a deadLetter that is %s', (_, deadLetter) => {
    const { options, complaints } = readOptions({ deadLetter })
    const { errorMessage, redact } = options.deadLetter ?? {}
    expect(errorMessage === false || redact?.('secret', 'message', undefined) === undefined).toBe(true)
    expect(options.deadLetter).not.toEqual({})
    expect(complaints).toHaveLength(1)
  })

  test.each([
    [{ relatoin: 'link' }, 'relatoin'],
    [{ spans: { settled: true } }, 'spans.settled'],
    [{ hooks: { onprocess: () => undefined } }, 'hooks.onprocess'],
    [{ groupId: 'billing' }, 'groupId'],
  ])('names an option that there is not in %o', (given, name) => {
    expect(readOptions(given).complaints).toEqual([`There is no option ${name} here`])
  })

  test('knows the options of the adapter', () => {
    expect(readOptions({ groupId: 'billing', relation: 'link' }, { groupId: 'string' }).complaints).toEqual([])
  })

  test('takes null for nothing where nothing is guarded', () => {
    const given = { relation: null, spans: null, hooks: null, propagator: null, onError: null, tracing: null }
    expect(readOptions(given)).toMatchObject({ options: {}, complaints: [] })
  })

  test('survives every getter, each named once', () => {
    for (const name of ['relation', 'baggage', 'spans', 'hooks', 'deadLetter', 'onError', 'tracing']) {
      expect(readOptions(unreadable(name)).complaints).toEqual([
        expect.stringContaining(`The option ${name} cannot be read`),
      ])
    }
    const closed = new Proxy({}, { ownKeys: () => [''], get: () => undefined, has: () => false })
    expect(readOptions(closed).options).toEqual({})
  })

  test('keeps a hook with the object that it is a method of', () => {
    class Hooks {
      readonly #seen: string[] = []
      onSend(): void {
        this.#seen.push('send')
      }
      seen = (): readonly string[] => this.#seen
    }
    const hooks = new Hooks()
    const { onSend } = readOptions({ hooks }).options.hooks ?? {}
    onSend?.(undefined as never, undefined as never)
    expect(hooks.seen()).toEqual(['send'])
  })
})

describe('an options object', () => {
  test('has another instance when it says something else', () => {
    const options: { relation: 'child' | 'link'; spans: { settle: boolean } } = {
      relation: 'child',
      spans: { settle: false },
    }
    const first = resolveTracing(options, SCOPE)
    expect(resolveTracing(options, SCOPE)).toBe(first)
    options.relation = 'link'
    const second = resolveTracing(options, SCOPE)
    expect(second).not.toBe(first)
    expect(second.options.relation).toBe('link')
    options.spans.settle = true
    expect(resolveTracing(options, SCOPE)).not.toBe(second)
    expect(first.options).toEqual({ relation: 'child', spans: { settle: false } })
  })

  test('counts as it was when the instance was made', () => {
    const options: { trust: 'full' | 'ignore' } = { trust: 'ignore' }
    const tracing = createTracing(options)
    options.trust = 'full'
    expect(resolveTracing({ tracing }, SCOPE).options).toEqual({ trust: 'ignore' })
  })

  test('is complained of once, however often it is given', () => {
    const onError = vi.fn<OnError>()
    const options = { onError, maxTraceAge: 'long' } as object
    resolveTracing(options, SCOPE)
    resolveTracing(options, SCOPE)
    resolveTracing({ tracing: resolveTracing(options, SCOPE) }, { ...SCOPE, name: '@tracebaton/sqs' })
    expect(onError).toHaveBeenCalledOnce()
  })

  test.each([['text'], [5], [() => undefined], [Symbol('options')], [null]])(
    'that is none (%o) means the defaults',
    (given) => {
      expect(resolveTracing(given as never, SCOPE)).toBe(resolveTracing(undefined, SCOPE))
      expect(createTracing(given as never).options).toEqual({})
      expect(tracingToldBy(given as never, {}, SCOPE)).toBeUndefined()
    },
  )

  test('without a usable instance under `tracing` speaks for itself', () => {
    const onError = vi.fn<OnError>()
    const options = { onError, tracing: createTracing, relation: 'link' } as object
    expect(resolveTracing(options, SCOPE).options.relation).toBe('link')
    expect(onError).toHaveBeenCalledExactlyOnceWith(
      new Error('The option tracing is a function; it has to be what createTracing gives'),
      { stage: 'options' },
    )
  })
})

describe("an adapter's own options", () => {
  const OWN = { queue: 'string', most: 'number', asked: 'boolean', flush: 'hook' } as const

  test('are read once, and only what is valid counts', () => {
    const warn = vi.fn<(message: string) => void>()
    expect(ownOptions({ queue: 'a', most: 3, asked: true, flush }, OWN, { warn })).toEqual({
      queue: 'a',
      most: 3,
      asked: true,
      flush,
    })
    expect(ownOptions({ flush: false }, OWN, { warn })).toEqual({ flush: false })
    for (const none of [undefined, null, 'text', { queue: null }]) expect(ownOptions(none, OWN, { warn })).toEqual({})
    expect(warn).not.toHaveBeenCalled()
    const wrong = { queue: 7, most: Infinity, asked: 'yes', flush: true }
    expect(ownOptions(wrong, OWN, { warn })).toEqual({})
    expect(ownOptions(unreadable('queue'), OWN, { warn })).toEqual({})
    expect(warn).toHaveBeenCalledTimes(5)
  })

  test('say nothing of how to trace', () => {
    expect(tracingToldBy({ queue: 'a' } as object, OWN, SCOPE)).toBeUndefined()
    expect(tracingToldBy({ queue: 'a', relation: undefined } as object, OWN, SCOPE)).toBeUndefined()
    expect(tracingToldBy({ queue: 'a', relation: 'link' } as object, OWN, SCOPE)?.options).toEqual({ relation: 'link' })
    expect(tracingToldBy(unreadable('relation'), OWN, SCOPE)).toBeDefined()
  })
})
