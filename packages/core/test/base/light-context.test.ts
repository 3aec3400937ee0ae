import { createContextKey, propagation, ROOT_CONTEXT, trace, type Context } from '@opentelemetry/api'
import { describe, expect, test } from 'vitest'
import { withSpan, withValue, withWork, workIn } from '../../src/base/light-context.ts'
import { spanContext } from '../sample.ts'

const span = (digit: string) => trace.wrapSpanContext(spanContext(digit))
const [one, two] = [span('a'), span('b')]
const KEY = createContextKey('test')
const baggage = propagation.createBaggage({ tenant: { value: '7' } })
const base = propagation.setBaggage(ROOT_CONTEXT.setValue(KEY, 'kept'), baggage)
const work = {}

/** What the API and we read from a context. */
const readFrom = (context: Context): unknown[] => [
  trace.getSpan(context),
  workIn(context),
  propagation.getBaggage(context)?.getEntry('tenant')?.value,
  context.getValue(KEY),
]

describe('a context with a span', () => {
  test('has it where the API looks for it, and all else from below', () => {
    expect(readFrom(withSpan(base, one))).toEqual([one, undefined, '7', 'kept'])
    expect(trace.getSpanContext(withSpan(ROOT_CONTEXT, one))).toEqual(spanContext('a'))
  })

  test('is as the one that the API makes', () => {
    const [ours, theirs] = [withSpan(base, one), trace.setSpan(base, one)]
    expect(readFrom(ours)).toEqual(readFrom(theirs))
    expect(readFrom(ours.setValue(KEY, 'new'))).toEqual(readFrom(theirs.setValue(KEY, 'new')))
    expect(readFrom(ours.deleteValue(KEY))).toEqual(readFrom(theirs.deleteValue(KEY)))
    expect(readFrom(trace.deleteSpan(ours))).toEqual(readFrom(trace.deleteSpan(theirs)))
    const above = trace.setSpan(base, two)
    expect(readFrom(trace.deleteSpan(withSpan(above, one)))).toEqual([undefined, undefined, '7', 'kept'])
  })

  test('never changes: what is set is in another one', () => {
    const context = withSpan(base, one)
    trace.setSpan(context, two)
    propagation.deleteBaggage(context)
    withSpan(context, two)
    expect(readFrom(context)).toEqual([one, undefined, '7', 'kept'])
    expect(readFrom(base)).toEqual([undefined, undefined, '7', 'kept'])
  })

  test('does not hold on to the span that it takes the place of', () => {
    let asked = 0
    const counting: Context = {
      getValue: (key) => ((asked += 1), base.getValue(key)),
      setValue: (key, value) => base.setValue(key, value),
      deleteValue: (key) => base.deleteValue(key),
    }
    let context: Context = counting
    for (let hop = 0; hop < 100_000; hop++) context = withSpan(context, one)
    expect(context.getValue(KEY)).toBe('kept')
    expect(asked).toBe(1)
  })
})

describe('a context with a span and its work', () => {
  test('has both, and all else from below', () => {
    expect(readFrom(withWork(base, one, work))).toEqual([one, work, '7', 'kept'])
  })

  test('keeps the span that is there, if it gets none', () => {
    expect(readFrom(withWork(trace.setSpan(base, two), undefined, work))).toEqual([two, work, '7', 'kept'])
    expect(readFrom(withWork(withSpan(base, two), undefined, work))).toEqual([two, work, '7', 'kept'])
    expect(readFrom(withWork(base, undefined, work))).toEqual([undefined, work, '7', 'kept'])
  })

  test('keeps the work under another span, of ours or of others', () => {
    const context = withWork(base, one, work)
    expect(readFrom(withSpan(context, two))).toEqual([two, work, '7', 'kept'])
    expect(readFrom(trace.setSpan(context, two))).toEqual([two, work, '7', 'kept'])
    expect(readFrom(trace.deleteSpan(context))).toEqual([undefined, work, '7', 'kept'])
    expect(readFrom(trace.deleteSpan(withSpan(context, two)))).toEqual([undefined, work, '7', 'kept'])
  })

  test('keeps both under other values', () => {
    const context = withWork(base, one, work)
    expect(readFrom(context.setValue(KEY, 'new'))).toEqual([one, work, '7', 'new'])
    expect(readFrom(context.deleteValue(KEY))).toEqual([one, work, '7', undefined])
    expect(readFrom(propagation.deleteBaggage(context))).toEqual([one, work, undefined, 'kept'])
  })

  test('has the latest work', () => {
    const later = {}
    expect(readFrom(withWork(withWork(base, one, work), two, later))).toEqual([two, later, '7', 'kept'])
  })
})

describe('a context with another value', () => {
  test('has it, and all else from below', () => {
    expect(readFrom(withValue(withWork(base, one, work), KEY, 'new'))).toEqual([one, work, '7', 'new'])
    expect(readFrom(withValue(withSpan(base, one), KEY, undefined))).toEqual([one, undefined, '7', undefined])
  })

  test('keeps it under another span, under work and under other values', () => {
    const context = withValue(withSpan(base, one), KEY, 'new')
    expect(readFrom(withSpan(context, two))).toEqual([two, undefined, '7', 'new'])
    expect(readFrom(withWork(context, undefined, work))).toEqual([one, work, '7', 'new'])
    expect(readFrom(trace.setSpan(context, two))).toEqual([two, undefined, '7', 'new'])
    expect(readFrom(propagation.deleteBaggage(context))).toEqual([one, undefined, undefined, 'new'])
  })

  test('loses it where it is deleted, with the one below', () => {
    expect(readFrom(withValue(base, KEY, 'new').deleteValue(KEY))).toEqual([undefined, undefined, '7', undefined])
    expect(readFrom(withValue(ROOT_CONTEXT, KEY, 'new').deleteValue(KEY))).toEqual(readFrom(ROOT_CONTEXT))
  })
})

test('the root context belongs to no work', () => {
  expect([workIn(ROOT_CONTEXT), workIn(base)]).toEqual([undefined, undefined])
})
