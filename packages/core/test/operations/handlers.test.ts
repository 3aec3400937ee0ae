import { EventEmitter, once } from 'node:events'
import { context as contexts, createContextKey, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { OURS } from '../../src/base/names.ts'
import { delivery } from '../messages.ts'
import { createTraced, useContexts, type Traced } from '../traced.ts'

class ShopError extends Error {
  override readonly name = 'ShopClosed'
}

class Unnamed extends Error {}

const hostile = (part: PropertyDescriptorMap): Error => Object.defineProperties(new Error('text'), part)
const throwing = { get: (): never => expect.fail('nobody may see this') }

/** Whatever a handler can throw, and the `error.type` that says what it was. */
const THROWN: readonly (readonly [name: string, thrown: unknown, errorType: string])[] = [
  ['an Error', new Error('text'), 'Error'],
  ['a named error', new ShopError('text'), 'ShopClosed'],
  ['an error of an unnamed class', new Unnamed('text'), 'Unnamed'],
  ['a frozen Error', Object.freeze(new TypeError('text')), 'TypeError'],
  ['null', null, '_OTHER'],
  ['undefined', undefined, '_OTHER'],
  ['a string', 'text', 'string'],
  ['the empty string', '', 'string'],
  ['a number', 0, 'number'],
  ['false', false, 'boolean'],
  ['a symbol', Symbol('text'), 'symbol'],
  ['a bigint', 1n, 'bigint'],
  ['a plain object', { code: 'E' }, '_OTHER'],
  ['an error whose name throws', hostile({ name: throwing }), '_OTHER'],
  ['an error whose constructor throws', hostile({ constructor: throwing }), '_OTHER'],
  ['an error whose message throws', hostile({ message: throwing }), 'Error'],
  ['an error without a prototype', Object.setPrototypeOf(new Error('text'), null) as unknown, 'Error'],
  ['a revoked proxy', revoked(), '_OTHER'],
]

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

let traced: Traced
beforeAll(useContexts)
beforeEach(() => {
  traced = createTraced()
})

/** What came out of a call, so that even `undefined` as an error is something. */
function caught(work: () => unknown): { readonly error: unknown } | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return { error }
  }
}

function expectFailedOnce(errorType: string): void {
  const span = traced.span('process orders')
  expect(span.status.code).toBe(SpanStatusCode.ERROR)
  expect(span.attributes).toMatchObject({ 'error.type': errorType, [OURS.outcome]: 'requeued' })
  expect([traced.ledger.started(), traced.ledger.unbalanced()]).toEqual([1, 0])
}

describe.each(THROWN)('a handler that fails with %s', (_name, thrown, errorType) => {
  test('throws the same thing, at once', () => {
    const result = caught(() =>
      traced.tracing.process(delivery(), () => {
        throw thrown
      }),
    )
    expect(result !== undefined && Object.is(result.error, thrown)).toBe(true)
    expectFailedOnce(errorType)
  })

  test('rejects with the same thing', async () => {
    const promise = traced.tracing.process(delivery(), () => Promise.reject(thrown))
    const result = await promise.then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    expect(result !== undefined && Object.is(result.error, thrown)).toBe(true)
    expectFailedOnce(errorType)
  })
})

describe('what a handler gives', () => {
  // oxlint-disable-next-line unicorn/no-thenable -- it is none, and has to be seen as none
  test.each([undefined, null, 0, '', Symbol.iterator, { then: 1 }, () => 1, Object.freeze([])])(
    'comes back at once as it is: %o',
    (value) => {
      expect(traced.tracing.process(delivery(), () => value)).toBe(value)
      expect(traced.span('process orders').attributes[OURS.outcome]).toBe('acked')
      expect(traced.span('process orders').status.code).toBe(SpanStatusCode.UNSET)
    },
  )

  test('comes back through its promise, the same object', async () => {
    const value = Object.freeze({})
    await expect(traced.tracing.process(delivery(), async () => value)).resolves.toBe(value)
  })

  test('is a lazy thenable that runs once', async () => {
    let runs = 0
    const lazy = {
      // oxlint-disable-next-line unicorn/no-thenable -- query builders are such things
      then(resolve: (value: string) => void) {
        runs += 1
        resolve('rows')
      },
    }
    await expect(traced.tracing.process(delivery(), () => lazy)).resolves.toBe('rows')
    expect(runs).toBe(1)
    expect(traced.ledger.unbalanced()).toBe(0)
  })

  test('is a thenable that answers twice: the first answer counts and the span ends once', async () => {
    const double = {
      // oxlint-disable-next-line unicorn/no-thenable
      then(resolve: (value: string) => void, reject: (error: unknown) => void) {
        resolve('first')
        reject(new Error('second'))
      },
    }
    await expect(traced.tracing.process(delivery(), () => double)).resolves.toBe('first')
    expect(traced.ledger.unbalanced()).toBe(0)
  })

  test('is a promise with a then of its own, which await does not look at either', async () => {
    // oxlint-disable-next-line unicorn/no-thenable
    const own = Object.assign(Promise.resolve('value'), { then: () => expect.fail('nobody may call this') })
    await expect((async () => traced.tracing.process(delivery(), () => own))()).resolves.toBe('value')
    expect(traced.span('process orders').attributes[OURS.outcome]).toBe('acked')
    expect(traced.ledger.unbalanced()).toBe(0)
  })

  test('is a promise of a class whose then throws: it comes back as it is, and the attempt has failed', () => {
    class Deaf extends Promise<string> {
      // oxlint-disable-next-line unicorn/no-thenable
      override then(): never {
        throw new ShopError('deaf')
      }
    }
    const deaf = new Deaf(() => {})
    expect(traced.tracing.process(delivery(), () => deaf)).toBe(deaf)
    expectFailedOnce('ShopClosed')
  })

  test('is a promise of a class of its own, and comes back as one', async () => {
    class Own extends Promise<string> {}
    const given = traced.tracing.process(delivery(), () => Own.resolve('value'))
    expect(given).toBeInstanceOf(Own)
    await expect(given).resolves.toBe('value')
  })

  test('is an object whose then cannot be read: it is left to the host', () => {
    // oxlint-disable-next-line unicorn/no-thenable
    const odd = Object.defineProperty({}, 'then', throwing)
    expect(traced.tracing.process(delivery(), () => odd)).toBe(odd)
    expect(traced.ledger.unbalanced()).toBe(0)
  })
})

test('the span of an asynchronous handler ends when the handler does', async () => {
  const gate = new EventEmitter()
  const running = traced.tracing.process(delivery(), () => once(gate, 'open'))
  await Promise.resolve()
  expect(traced.spans).toEqual([])
  gate.emit('open')
  await running
  expect(traced.spans).toHaveLength(1)
})

async function unhandledDuring(work: () => unknown): Promise<unknown[]> {
  const others = process.listeners('unhandledRejection')
  const seen: unknown[] = []
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', (error) => seen.push(error))
  try {
    work()
    // Node looks for them after the microtasks of each turn.
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    return seen
  } finally {
    process.removeAllListeners('unhandledRejection')
    for (const other of others) process.on('unhandledRejection', other)
  }
}

describe('unhandled rejections', () => {
  /** Takes the place of every other listener, so that the rejection is seen by us alone. */
  test('stay unhandled where the host does not wait, exactly as without us', async () => {
    const error = new Error('nobody waits')
    const handler = async (): Promise<never> => {
      throw error
    }
    const bare = await unhandledDuring(() => void handler())
    const ours = await unhandledDuring(() => void traced.tracing.process(delivery(), handler))
    expect(bare).toEqual([error])
    expect(ours).toHaveLength(1)
    expect(ours[0]).toBe(error)
  })

  test('do not appear where the host handles them', async () => {
    const seen = await unhandledDuring(() => {
      traced.tracing.process(delivery(), () => Promise.reject(new Error('handled'))).catch(() => {})
    })
    expect(seen).toEqual([])
  })
})

const turns = (index: number): number => (index * 7919) % 23

describe('the active context', () => {
  const KEY = createContextKey('test')
  const outer = ROOT_CONTEXT.setValue(KEY, 'outer')

  test('after the handler is the one before, however it ended', async () => {
    await contexts.with(outer, async () => {
      const { tracing } = traced
      expect(tracing.process(delivery(), () => contexts.active().getValue(KEY))).toBeUndefined()
      expect(contexts.active()).toBe(outer)
      caught(() =>
        tracing.process(delivery(), () => {
          throw new Error('text')
        }),
      )
      expect(contexts.active()).toBe(outer)
      const running = tracing.process(delivery(), () => Promise.reject(new Error('text')))
      expect(contexts.active()).toBe(outer)
      await running.catch(() => {})
      expect(contexts.active()).toBe(outer)
    })
  })

  test('belongs to the one message, while 200 handlers take turns', async () => {
    const handled = Array.from({ length: 200 }, async (_, index) => {
      const traceId = index.toString(16).padStart(32, 'a')
      const carrier = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, baggage: `message=${index}` }
      return traced.tracing.process(delivery({ carrier }), async () => {
        const own = trace.getActiveSpan()?.spanContext()
        expect(own?.traceId).toBe(traceId)
        for (let turn = 0; turn <= turns(index); turn++) {
          // oxlint-disable-next-line no-await-in-loop -- taking turns is the point
          await (turn % 3 === 0 ? new Promise((resolve) => setImmediate(resolve)) : Promise.resolve())
          expect(trace.getActiveSpan()?.spanContext()).toEqual(own)
          const inside = traced.tracing.process(delivery({ carrier: {} }), () => trace.getActiveSpan()?.spanContext())
          expect(inside?.traceId).not.toBe(traceId)
        }
        return own?.spanId
      })
    })
    const spanIds = await Promise.all(handled)
    expect(new Set(spanIds).size).toBe(200)
    expect(traced.ledger.unbalanced()).toBe(0)
  })
})

const fails = (): never => {
  throw new Error('no stock')
}

describe('the status of a failed attempt', () => {
  const cases = [
    { errorStatus: 'every', deliveries: 1, status: SpanStatusCode.ERROR, outcome: 'requeued' },
    { errorStatus: 'every', deliveries: 3, status: SpanStatusCode.ERROR, outcome: 'dead_lettered' },
    { errorStatus: 'terminal', deliveries: 1, status: SpanStatusCode.UNSET, outcome: 'requeued' },
    { errorStatus: 'terminal', deliveries: 3, status: SpanStatusCode.ERROR, outcome: 'dead_lettered' },
  ] as const

  test.each(cases)('is $status for $errorStatus, attempt $deliveries of 3', ({ errorStatus, ...expected }) => {
    const failing = createTraced({ errorStatus })
    const count = { deliveries: expected.deliveries, exact: true }
    caught(() => failing.tracing.process(delivery({ count, maxAttempts: 3, exhausted: 'dead_lettered' }), fails))
    const span = failing.span('process orders')
    expect(span.status.code).toBe(expected.status)
    expect(span.attributes).toMatchObject({
      'error.type': 'Error',
      [OURS.outcome]: expected.outcome,
      [OURS.attempt]: expected.deliveries,
      [OURS.maxAttempts]: 3,
    })
  })

  test('carries the message of the error, and the exception', () => {
    caught(() => traced.tracing.process(delivery(), fails))
    const span = traced.span('process orders')
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no stock' })
    expect(span.events.map(({ name }) => name)).toEqual(['exception'])
  })
})
