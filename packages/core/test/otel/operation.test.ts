import { describe, expect, it, vi } from 'vitest'
import { createNames, type Destination } from '../../src/base/names.ts'
import type { Labels } from '../../src/otel/labels.ts'
import { createOperations } from '../../src/otel/operation.ts'

const names = createNames('1.45')
const unbounded: Labels = { bounded: (_, value) => value, fits: () => true }
const DESTINATION = 'messaging.destination.name'
const TEMPLATE = 'messaging.destination.template'

function describeOne(destination: Destination, template?: string) {
  return createOperations(names, () => template, unbounded)('process', 'process', 'kafka', destination)
}

describe('an operation', () => {
  it.each([
    ['kafka', 'compatible', true],
    ['kafka', '1.44', true],
    ['kafka', '1.45', false],
    ['redis', 'compatible', false],
  ] as const)('of a group of %s under %s is found by SigNoz: %s', (system, convention, found) => {
    const operations = createOperations(createNames(convention), () => undefined, unbounded)
    const { attributes, labels } = operations('process', 'process', system, { name: 'orders' }, 'billing')
    expect(attributes['messaging.kafka.consumer.group']).toBe(found ? 'billing' : undefined)
    expect(labels).not.toHaveProperty('messaging.kafka.consumer.group')
  })

  const rows: readonly (readonly [
    name: string,
    destination: Destination,
    template: string | undefined,
    spanName: string,
    attributes: Record<string, unknown>,
    labels: Record<string, unknown>,
  ])[] = [
    [
      'a name',
      { name: 'orders' },
      undefined,
      'process orders',
      { [DESTINATION]: 'orders' },
      { [DESTINATION]: 'orders' },
    ],
    ['nothing', {}, undefined, 'process', {}, {}],
    ['an empty name', { name: '' }, undefined, 'process', {}, {}],
    [
      'a template of the adapter',
      { name: 'orders-17', template: 'orders-{n}' },
      undefined,
      'process orders-{n}',
      { [DESTINATION]: 'orders-17', [TEMPLATE]: 'orders-{n}' },
      { [TEMPLATE]: 'orders-{n}' },
    ],
    [
      'a template of the user',
      { name: 'orders-17' },
      'orders-{n}',
      'process orders-{n}',
      { [DESTINATION]: 'orders-17', [TEMPLATE]: 'orders-{n}' },
      { [TEMPLATE]: 'orders-{n}' },
    ],
    [
      'both templates',
      { name: 'orders-17', template: 'theirs' },
      'mine',
      'process theirs',
      { [DESTINATION]: 'orders-17', [TEMPLATE]: 'theirs' },
      { [TEMPLATE]: 'theirs' },
    ],
    [
      'an empty template',
      { name: 'orders' },
      '',
      'process orders',
      { [DESTINATION]: 'orders' },
      { [DESTINATION]: 'orders' },
    ],
    [
      'a temporary name',
      { name: 'amq.gen-x', temporary: true },
      undefined,
      'process',
      { [DESTINATION]: 'amq.gen-x', 'messaging.destination.temporary': true },
      {},
    ],
    [
      'an anonymous name',
      { name: 'amq.gen-x', anonymous: true },
      undefined,
      'process',
      { [DESTINATION]: 'amq.gen-x', 'messaging.destination.anonymous': true },
      {},
    ],
    [
      'a temporary name with a template',
      { name: 'amq.gen-x', temporary: true, template: 'replies' },
      undefined,
      'process replies',
      { [DESTINATION]: 'amq.gen-x', [TEMPLATE]: 'replies', 'messaging.destination.temporary': true },
      { [TEMPLATE]: 'replies' },
    ],
  ]

  const common = {
    'messaging.system.name': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
  }

  it.each(rows)('on a destination with %s', (_, destination, template, spanName, attributes, labels) => {
    expect(describeOne(destination, template)).toEqual({
      spanName,
      attributes: { ...common, ...attributes },
      labels: { ...common, ...labels },
    })
  })

  it('has the consumer group on the span and on metrics', () => {
    const { attributes, labels } = createOperations(names, () => undefined, unbounded)(
      'process',
      'process',
      'kafka',
      {},
      'billing',
    )
    expect([attributes['messaging.consumer.group.name'], labels['messaging.consumer.group.name']]).toEqual([
      'billing',
      'billing',
    ])
  })

  it('has no type where it is none of the standard ones', () => {
    const operation = createOperations(names, () => undefined, unbounded)(undefined, 'extend', 'aws.sqs', {
      name: 'orders',
    })
    expect(operation.spanName).toBe('extend orders')
    expect(operation.attributes).not.toHaveProperty('messaging.operation.type')
  })
})

describe('the memory of operations', () => {
  it('asks for the template of a destination once', () => {
    const templateOf = vi.fn<(system: string, destination: Destination) => string>(() => 'orders-{n}')
    const operations = createOperations(names, templateOf, unbounded)
    const first = operations('process', 'process', 'kafka', { name: 'orders-1' })
    expect(operations('process', 'process', 'kafka', { name: 'orders-1' })).toBe(first)
    expect(templateOf).toHaveBeenCalledTimes(1)
    expect(templateOf).toHaveBeenCalledWith('kafka', { name: 'orders-1' })
  })

  it('tells apart whatever differs', () => {
    const operations = createOperations(names, () => undefined, unbounded)
    const all = [
      operations('process', 'process', 'kafka', { name: 'orders' }),
      operations('send', 'process', 'kafka', { name: 'orders' }),
      operations('process', 'handle', 'kafka', { name: 'orders' }),
      operations('process', 'process', 'bullmq', { name: 'orders' }),
      operations('process', 'process', 'kafka', { name: 'mails' }),
      operations('process', 'process', 'kafka', { name: 'orders', template: 'o' }),
      operations('process', 'process', 'kafka', { name: 'orders', temporary: true }),
      operations('process', 'process', 'kafka', { name: 'orders', anonymous: true }),
      operations('process', 'process', 'kafka', { name: 'orders' }, 'billing'),
    ]
    expect(new Set(all).size).toBe(all.length)
  })

  it('is bounded: it starts over after a thousand destinations', () => {
    const operations = createOperations(names, () => undefined, unbounded)
    const describeQueue = (index: number) => operations('process', 'process', 'kafka', { name: `queue-${index}` })
    const first = describeQueue(0)
    for (let index = 1; index < 1_000; index++) describeQueue(index)
    expect(describeQueue(0)).toBe(first)
    describeQueue(1_000)
    const again = describeQueue(0)
    expect(again).not.toBe(first)
    expect(again).toEqual(first)
  })
})
