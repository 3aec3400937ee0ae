import { expect, test } from 'vitest'
import { messageFacts } from '../../src/spans/facts.ts'
import { spanOf } from '../span-of.ts'

const own = {
  'tracebaton.delivery.attempt': 2,
  'tracebaton.delivery.max_attempts': '3',
  'tracebaton.delivery.kind': 'delayed',
  'tracebaton.delivery.outcome': 'requeued',
  'tracebaton.queue.time': 1.5,
}

function factsOf(attributes: Record<string, unknown>) {
  return messageFacts(spanOf({ name: 'process orders', spanId: '1'.repeat(16), attributes }))
}

test.each([
  [
    'newest',
    {
      'messaging.system.name': 'aws.sqs',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'orders',
      'messaging.message.id': 'm-1',
    },
  ],
  [
    'compatible',
    {
      'messaging.system.name': 'aws.sqs',
      'messaging.system': 'aws_sqs',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'orders',
      'messaging.message.id': 'm-1',
    },
  ],
  [
    '1.44',
    {
      'messaging.system': 'aws_sqs',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'orders',
      'messaging.message.id': 'm-1',
    },
  ],
  [
    'oldest',
    {
      'messaging.system': 'aws_sqs',
      'messaging.operation': 'publish',
      'messaging.destination': 'orders',
      'messaging.message_id': 'm-1',
    },
  ],
])('the %s names say the same', (_, attributes) => {
  expect(factsOf({ ...attributes, ...own })).toEqual({
    system: 'aws.sqs',
    operationType: 'send',
    destination: 'orders',
    destinationName: 'orders',
    messageId: 'm-1',
    attempt: 2,
    maxAttempts: 3,
    deliveryKind: 'delayed',
    outcome: 'requeued',
    queueTime: 1.5,
  })
})

test('the template names the destination better than the name', () => {
  const attributes = { 'messaging.destination.name': 'orders.1042', 'messaging.destination.template': 'orders.{id}' }
  expect(factsOf(attributes)).toEqual({ destination: 'orders.{id}', destinationName: 'orders.1042' })
})

test('what is malformed is absent', () => {
  expect(factsOf({ 'messaging.system.name': 7, 'tracebaton.delivery.attempt': 'two', 'error.type': '' })).toEqual({})
})

test('without error.type the exception recorded last names the error', () => {
  const events = ['TypeError', 'TimeoutError'].map((type) => ({
    name: 'exception',
    time: 1,
    attributes: { 'exception.type': type },
  }))
  expect(messageFacts(spanOf({ name: 'x', spanId: '1'.repeat(16), events }))).toEqual({ errorType: 'TimeoutError' })
})

test.each(['constructor', 'toString', '__proto__'])('the operation and the system may be called %s', (name) => {
  const facts = factsOf({ 'messaging.system.name': name, 'messaging.operation.type': name })
  expect(facts).toEqual({ system: name, operationType: name })
})
