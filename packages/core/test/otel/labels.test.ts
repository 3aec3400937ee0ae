import { expect, test, vi } from 'vitest'
import { createNames, type Destination } from '../../src/base/names.ts'
import { createLabels } from '../../src/otel/labels.ts'
import { createOperations } from '../../src/otel/operation.ts'

/** Describes operations for a scope that nobody else uses. */
function describeFor(scope: string, misused = vi.fn<(message: string) => void>()) {
  const operations = createOperations(createNames('1.45'), () => undefined, createLabels(scope, misused))
  const labelsOf = (destination: Destination, group?: string) => {
    const { spanName, labels, attributes } = operations('process', 'process', 'kafka', destination, group)
    return {
      spanName,
      name: labels['messaging.destination.name'],
      template: labels['messaging.destination.template'],
      group: labels['messaging.consumer.group.name'],
      attributes,
    }
  }
  return { labelsOf, misused }
}

/** What there is of something, told apart. */
const distinct = (values: readonly unknown[]): unknown[] => [...new Set(values)]
const all = <Item>(count: number, make: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => make(index))

test('destinations beyond the first 500 are one on metrics and in span names, and keep their names on spans', () => {
  const { labelsOf, misused } = describeFor('destinations')
  const seen = all(5_000, (index) => labelsOf({ name: `topic-${index}` }))
  expect(distinct(seen.map(({ name }) => name))).toHaveLength(501)
  expect(distinct(seen.map(({ spanName }) => spanName))).toHaveLength(501)
  expect(seen.at(-1)).toMatchObject({
    spanName: 'process _other',
    name: '_other',
    attributes: { 'messaging.destination.name': 'topic-4999' },
  })
  expect(labelsOf({ name: 'topic-7' })).toMatchObject({ spanName: 'process topic-7', name: 'topic-7' })
  expect(misused).toHaveBeenCalledTimes(1)
  expect(misused.mock.calls[0]?.[0]).toContain('destinationTemplate')
})

test('the values of all instances of tracing count together, because they share instruments', () => {
  const [one, other] = [describeFor('shared'), describeFor('shared')]
  const seen = all(1_000, (index) => (index % 2 === 0 ? one : other).labelsOf({ name: `topic-${index}` }).name)
  expect(distinct(seen)).toHaveLength(501)
  expect(one.misused.mock.calls.length + other.misused.mock.calls.length).toBe(1)
  expect(describeFor('another scope').labelsOf({ name: 'topic-999' }).name).toBe('topic-999')
})

test('templates and consumer groups are bounded, too', () => {
  const { labelsOf } = describeFor('templates')
  const seen = all(2_000, (index) => labelsOf({ name: 'a', template: `template-${index}` }, `group-${index}`))
  expect(distinct(seen.map(({ template }) => template))).toHaveLength(501)
  expect(distinct(seen.map(({ group }) => group))).toHaveLength(501)
  expect(seen.at(-1)?.attributes).toMatchObject({
    'messaging.destination.template': 'template-1999',
    'messaging.consumer.group.name': 'group-1999',
  })
})

test('a hundred destinations of a common template have names, and the others that template', () => {
  const { labelsOf, misused } = describeFor('common')
  const commonTemplate = 'events:#:orders'
  const seen = all(5_000, (index) => labelsOf({ name: `events:user.${index}:orders`, commonTemplate }))
  expect(distinct(seen.map(({ spanName }) => spanName))).toHaveLength(101)
  expect(seen.at(-1)).toMatchObject({
    spanName: 'process events:#:orders',
    template: commonTemplate,
    attributes: { 'messaging.destination.template': commonTemplate },
  })
  expect(misused).not.toHaveBeenCalled()
  expect(labelsOf({ name: 'events:a:mails', commonTemplate: 'events:#:mails' }).name).toBe('events:a:mails')
})

test('common templates without number keep nothing more', () => {
  const { labelsOf } = describeFor('many')
  const seen = all(3_000, (index) => labelsOf({ name: `a-${index}`, commonTemplate: `common-${index}` }))
  expect(distinct(seen.map(({ spanName }) => spanName))).toHaveLength(501)
})
