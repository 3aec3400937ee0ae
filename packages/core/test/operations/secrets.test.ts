import { diag } from '@opentelemetry/api'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { FailurePolicy } from '../../src/wire/move-facts.ts'
import type { TracingOptions } from '../../src/options.ts'
import { createAdapterTracing } from '../../src/tracing.ts'
import { delivery, publication } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)
afterEach(() => diag.disable())

const ADDRESS = 'connect ECONNREFUSED amqp://guest:hunter2@broker:5672'
const redact: FailurePolicy['redact'] = (text) => text.replaceAll(/card \d+/g, 'card #')

/** All that one failed attempt says of its error: on spans, on the copy, and in reports. */
function told(error: unknown, options: TracingOptions = {}): string {
  const traced = createTraced({
    deadLetter: { errorStack: true },
    ...options,
    hooks: {
      onProcess: () => {
        throw error
      },
    },
  })
  const { tracing } = traced
  const received = delivery()
  const move = { kind: 'dead_letter', delivery: received, error } as const
  const headers: unknown[] = []
  const fail = (): never => {
    throw error
  }
  let thrown: unknown
  try {
    tracing.process(received, () => {
      tracing.send(publication([{}], { move }), (injections) => void headers.push(injections))
      tracing.send(publication(), fail)
    })
  } catch (caught) {
    thrown = caught
  }
  expect(thrown).toBe(error)
  tracing.receive({ system: 'kafka', operation: 'receive', destination: {}, batch: true, startedAt: 1, error }, [])
  const reports = traced.failures.map(({ error: reported }) => {
    const { name, message, stack } = reported as Error
    return { name, message, stack, text: String(reported) }
  })
  expect([traced.spans.length, headers.length, reports.length]).toEqual([4, 1, 1])
  return JSON.stringify([
    traced.spans.map(({ status, events, attributes }) => [status, events, attributes]),
    headers,
    reports,
  ])
}

describe('what an error says', () => {
  test('holds no credentials of a URL on spans, on headers and in reports', () => {
    const text = told(new TypeError(ADDRESS))
    expect(text).toContain('connect ECONNREFUSED amqp://***@broker:5672')
    expect(text).not.toContain('hunter2')
    expect(text).toContain('secrets.test.ts')
    expect(told(ADDRESS)).not.toContain('hunter2')
  })

  test('is redacted as the user says in all these places', () => {
    const error = new TypeError('card 4111 is refused')
    expect(told(error)).toContain('4111')
    const text = told(error, { deadLetter: { errorStack: true, redact } })
    expect(text).toContain('card # is refused')
    expect(text).not.toContain('4111')
  })

  test('is nothing at all where the user says so, or fails to say', () => {
    const error = new TypeError('card 4111')
    for (const mute of [() => undefined, (() => 7) as never]) {
      const text = told(error, { deadLetter: { errorStack: true, redact: mute } })
      expect(text).not.toContain('4111')
      expect(text).toContain('TypeError')
    }
    const { tracing, spans, failures } = createTraced({
      deadLetter: { redact: () => expectThrown(new RangeError('no idea')) },
    })
    expect(() => tracing.process(delivery(), () => expectThrown(error))).toThrow(error)
    expect(JSON.stringify(spans.map(({ status, events }) => [status, events]))).not.toContain('4111')
    expect(failures.map((failure) => String(failure.error))).toContain('RangeError: no idea')
  })

  test('is the very error in a report, where all of it may be said', () => {
    const error = new TypeError('no stock')
    const onError = vi.fn<(reported: unknown) => void>()
    const hooks = { onSend: () => expectThrown(error) }
    const traced = createTraced({ hooks, onError })
    traced.tracing.send(publication(), () => {})
    expect(onError.mock.calls.map(([reported]) => reported)).toEqual([error])
    expect(onError.mock.calls[0]?.[0]).toBe(error)
  })

  test('holds no credentials in the log of the API either', () => {
    const error = vi.fn<(...args: unknown[]) => void>()
    diag.setLogger({ error, warn: error, info: error, debug: error, verbose: error })
    const traced = createTraced()
    const tracing = createAdapterTracing({
      ...traced.tracing.options,
      onError: undefined,
      hooks: { onSend: () => expectThrown(new Error(ADDRESS)) },
    })
    tracing.send(publication(), () => {})
    expect(error).toHaveBeenCalled()
    const logged = error.mock.calls
      .flat()
      .map((part) => (part instanceof Error ? `${part.message}${part.stack}` : part))
    expect(logged.join()).toContain('amqp://***@broker')
    expect(logged.join()).not.toContain('hunter2')
  })
})

function expectThrown(error: unknown): never {
  throw error
}
