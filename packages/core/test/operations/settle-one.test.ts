import { beforeAll, expect, test, vi } from 'vitest'
import { OURS } from '../../src/base/names.ts'
import type { Settlement } from '../../src/operations/settle.ts'
import { delivery } from '../messages.ts'
import { createTraced, useContexts } from '../traced.ts'

beforeAll(useContexts)

const ack: Settlement = {
  system: 'rabbitmq',
  operation: 'ack',
  destination: { name: 'orders' },
  outcome: 'acked',
  keys: [1],
  batch: false,
}

function broken(): never {
  throw new Error('broken on purpose')
}

test('a call that settles one open attempt is not described where settlements have no span', () => {
  const { tracing, span, spans } = createTraced()
  const attempt = tracing.open(delivery())
  attempt.run(() => {})
  const describe = vi.fn<() => Settlement>(() => ack)
  expect(tracing.settleOne(attempt, 'rejected', describe, () => 'done')).toBe('done')
  expect(describe).not.toHaveBeenCalled()
  expect(span('process orders').attributes[OURS.outcome]).toBe('rejected')
  expect(spans).toHaveLength(1)
})

test('a call that throws settles nothing, and its error passes through', () => {
  const { tracing, spans } = createTraced()
  const attempt = tracing.open(delivery())
  attempt.run(() => {})
  const error = new Error('channel closed')
  const call = (): never => {
    throw error
  }
  expect(() => tracing.settleOne(attempt, 'acked', () => ack, call)).toThrow(error)
  expect(spans).toEqual([])
  attempt.abandon()
})

test('a call has its span where settlements have one, and a description that throws leaves the call', () => {
  const { tracing, span, failures } = createTraced({ spans: { settle: true } })
  const [first, second] = [tracing.open(delivery()), tracing.open(delivery())]
  for (const attempt of [first, second]) attempt.run(() => {})
  tracing.settleOne(first, 'acked', () => ({ ...ack, attempts: [first] }), vi.fn<() => void>())
  expect(span('ack orders').name).toBe('ack orders')
  expect(first.isOpen()).toBe(false)
  const call = vi.fn<() => void>()
  tracing.settleOne(second, 'acked', broken, call)
  expect(call).toHaveBeenCalledOnce()
  expect(second.isOpen()).toBe(false)
  expect(failures).toHaveLength(1)
})
