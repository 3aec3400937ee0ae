import type { Attributes } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import {
  ALIASES,
  chooseConvention,
  createNames,
  ERROR_TYPE,
  FACT_HEADERS,
  FACTS_HEADER,
  linkAttributes,
  METRICS,
  MOVED_FIELDS,
  OPERATION_BUCKETS,
  OURS,
  SLOT_MARK,
  QUEUE_TIME_BUCKETS,
  STANDARD,
  type Convention,
} from '../../src/base/names.ts'

const conventions = ['compatible', '1.45', '1.44', 'both'] as const

/** Each neutral word, and what it is called. */
function tableOf(convention: Convention | 'both'): string {
  const names = createNames(convention)
  const rows = Object.keys(STANDARD).map((key) => {
    const attributes: Attributes = {}
    names.set(attributes, key as keyof typeof STANDARD, 'x')
    return `${key}: ${Object.keys(attributes).join(' + ')}`
  })
  return [`# ${convention}`, ...rows].join('\n')
}

function systemOf(convention: Convention | 'both', system: string): Attributes {
  const attributes: Attributes = {}
  createNames(convention).system(attributes, system)
  return attributes
}

/** What a consumer of Kafka is called. */
function consumerNamesOf(convention: Convention | 'both'): string[] {
  const attributes: Attributes = {}
  const names = createNames(convention)
  names.facts(attributes, { clientId: 'billing-7' })
  names.alias(attributes, 'consumerGroup', 'billing')
  return Object.keys(attributes)
}

describe('the names', () => {
  it('stay as they are, because dashboards and alerts are built on them', async () => {
    const text = [
      ...conventions.map(tableOf),
      `# errors\n${ERROR_TYPE}`,
      `# ours\n${Object.entries(OURS)
        .map((pair) => pair.join(': '))
        .join('\n')}`,
      `# headers of facts\n${[...Object.values(FACT_HEADERS), FACTS_HEADER].join('\n')}`,
      `# aliases\n${Object.values(ALIASES).join('\n')}`,
      `# mark in the slot of SQS\n${SLOT_MARK}`,
      `# log fields of moved messages\n${Object.values(MOVED_FIELDS).join('\n')}`,
      `# metrics\n${Object.entries(METRICS)
        .map(([key, [name, unit, description]]) => `${key}: ${name} (${unit}) ${description}`)
        .join('\n')}`,
      `# buckets, s\noperations: ${OPERATION_BUCKETS.join(' ')}\nqueue time: ${QUEUE_TIME_BUCKETS.join(' ')}`,
    ].join('\n\n')
    await expect(`${text}\n`).toMatchFileSnapshot('names.snapshot.txt')
  })

  it.each([
    ['compatible', 'kafka', { 'messaging.system.name': 'kafka', 'messaging.system': 'kafka' }],
    ['compatible', 'aws.sqs', { 'messaging.system.name': 'aws.sqs', 'messaging.system': 'aws_sqs' }],
    ['1.45', 'aws.sqs', { 'messaging.system.name': 'aws.sqs' }],
    ['1.44', 'aws.sqs', { 'messaging.system': 'aws_sqs' }],
    ['1.44', 'rabbitmq', { 'messaging.system': 'rabbitmq' }],
    ['both', 'aws.sqs', { 'messaging.system.name': 'aws.sqs', 'messaging.system': 'aws_sqs' }],
  ] as const)('of %s for %s say the system', (convention, system, expected) => {
    expect(systemOf(convention, system)).toEqual(expected)
  })

  it('are not written for what is unknown or empty', () => {
    const attributes: Attributes = {}
    createNames('both').facts(attributes, { messageId: undefined, partition: '', offset: 0, requestId: 'r' })
    expect(attributes).toEqual({ 'kafka.offset': 0, 'messaging.kafka.offset': 0, 'aws.request_id': 'r' })
    createNames('both').facts(attributes, undefined)
    expect(Object.keys(attributes)).toHaveLength(3)
  })

  it('that SigNoz looks for stand beside those of older conventions', () => {
    const all = [STANDARD.clientId[0], ALIASES.clientId, ALIASES.consumerGroup]
    expect(conventions.map(consumerNamesOf)).toEqual([all, [STANDARD.clientId[0]], all, all])
  })

  it('of a link say its role', () => {
    expect(linkAttributes('previous_attempt')).toEqual({ 'tracebaton.link.role': 'previous_attempt' })
  })

  it('of ours never clash', () => {
    const all = [...Object.values(OURS), ...Object.values(STANDARD).flat(), ERROR_TYPE]
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('the convention', () => {
  it.each([
    [undefined, undefined, 'compatible'],
    [undefined, '', 'compatible'],
    [undefined, 'http', 'compatible'],
    [undefined, 'messaging', '1.45'],
    [undefined, 'http, messaging', '1.45'],
    [undefined, 'messaging/dup', 'both'],
    [undefined, 'messaging/dup,messaging', 'both'],
    [undefined, 'messaging,messaging/dup', 'both'],
    ['1.44', 'messaging', '1.44'],
    ['compatible', 'messaging/dup', 'compatible'],
  ] as const)('for the option %s and the variable %s is %s', (option, variable, convention) => {
    expect(chooseConvention(option, variable)).toBe(convention)
  })
})
