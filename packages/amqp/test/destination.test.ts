import type { Destination } from '@tracebaton/core/adapter'
import { describe, expect, test } from 'vitest'
import { wayOf, rememberExclusive } from '../src/describe.ts'
import type { ChannelLike } from '../src/client.ts'

const publishedTo = (channel: ChannelLike, exchange: string, key: string): Destination =>
  wayOf(channel, exchange, key, undefined).destination
const deliveredFrom = (channel: ChannelLike, exchange: string, key: string, queue: string | undefined): Destination =>
  wayOf(channel, exchange, key, queue).destination

const channelOn = (connection: object): ChannelLike => ({ connection }) as unknown as ChannelLike
const channel = channelOn({})

describe('where a message goes', () => {
  test.each([
    ['shop', 'order.created', 'shop:order.created'],
    ['shop', '', 'shop'],
    ['', 'orders', 'orders'],
    ['', '', 'amq.default'],
  ])('by exchange "%s" and key "%s" is %s', (exchange, routingKey, name) => {
    expect(wayOf(channel, exchange, routingKey, undefined).addresses).toEqual([name])
    expect(publishedTo(channel, exchange, routingKey)).toMatchObject({ name })
    expect(publishedTo(channel, exchange, routingKey).template).toBeUndefined()
  })

  test.each([
    ['order.1042.paid', 'shop:order.*.paid'],
    ['order.3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'shop:order.*'],
    ['5eb63bbbe01eeed093cb22bb8f5acdc3', 'shop:*'],
    ['tenant.V1StGXR8_Z5jdHi6B-myT.created', 'shop:tenant.*.created'],
  ])('with an id in its key, %s, has a name without: %s', (routingKey, template) => {
    expect(publishedTo(channel, 'shop', routingKey)).toMatchObject({ name: `shop:${routingKey}`, template })
  })

  test.each(['order.v1.created', 'eu-west-1.order', 'a.very-long-word-without-any-digit-in-it'])(
    'with a key of words, %s, is called just that',
    (routingKey) => {
      expect(publishedTo(channel, 'shop', routingKey).template).toBeUndefined()
    },
  )

  test('in a queue that the broker named is nothing to group by', () => {
    for (const queue of ['amq.gen-JzTY20BRgKO-HjmUJj0wLg', 'amq.rabbitmq.reply-to.g1h2AA5yZXBs']) {
      expect(publishedTo(channel, '', queue)).toEqual({ name: queue, temporary: true, anonymous: true })
    }
  })

  test('in a queue with a number of an order in its name has that name: there are few queues', () => {
    expect(publishedTo(channel, '', 'orders-2024')).toEqual({ name: 'orders-2024' })
  })
})

describe('where a message comes from', () => {
  test.each([
    ['shop', 'order.created', 'billing', 'shop:order.created:billing'],
    ['shop', '', 'billing', 'shop:billing'],
    ['shop', 'billing', 'billing', 'shop:billing'],
    ['', 'billing', 'billing', 'billing'],
    ['', '', 'billing', 'billing'],
    ['', 'other', 'billing', 'other:billing'],
    ['shop', 'order.created', undefined, 'shop:order.created'],
    ['', '', undefined, 'amq.default'],
  ])('by exchange "%s", key "%s" and queue %s is %s', (exchange, routingKey, queue, name) => {
    expect(deliveredFrom(channel, exchange, routingKey, queue)).toMatchObject({ name })
  })

  test('with an id in its key has a name without', () => {
    expect(deliveredFrom(channel, 'shop', 'order.1042', 'billing')).toMatchObject({
      name: 'shop:order.1042:billing',
      template: 'shop:order.*:billing',
    })
  })

  test('in a queue that the broker named is grouped by where it was published', () => {
    expect(deliveredFrom(channel, 'shop', 'order.created', 'amq.gen-1')).toMatchObject({
      name: 'shop:order.created:amq.gen-1',
      template: 'shop:order.created',
      temporary: true,
      anonymous: true,
    })
    expect(deliveredFrom(channel, '', 'amq.gen-1', 'amq.gen-1')).toEqual({
      name: 'amq.gen-1',
      temporary: true,
      anonymous: true,
    })
    expect(deliveredFrom(channel, '', 'amq.rabbitmq.reply-to.g1h2', 'amq.rabbitmq.reply-to')).toEqual({
      name: 'amq.rabbitmq.reply-to.g1h2',
      temporary: true,
      anonymous: true,
    })
  })
})

test('all keys of an exchange have a common template, by the queue where it has a name', () => {
  const templates = [
    publishedTo(channel, 'shop', 'order.created'),
    deliveredFrom(channel, 'shop', 'order.1042', 'billing'),
    deliveredFrom(channel, 'shop', 'billing', 'billing'),
    deliveredFrom(channel, 'shop', 'order.created', 'amq.gen-1'),
    publishedTo(channel, '', 'orders'),
  ].map(({ commonTemplate }) => commonTemplate)
  expect(templates).toEqual(['shop:#', 'shop:#:billing', 'shop:#:billing', 'shop:#', undefined])
})

test('a message can be sent back where it comes from by two addresses', () => {
  expect(wayOf(channel, 'shop', 'order.created', 'billing').addresses).toEqual(['shop:order.created', 'billing'])
})

test('the way of the message before is remembered', () => {
  const own = channelOn({})
  const first = wayOf(own, 'shop', 'a', 'billing')
  expect(wayOf(own, 'shop', 'a', 'billing')).toBe(first)
  for (const [exchange, routingKey, queue] of [
    ['shop', 'b', 'billing'],
    ['mails', 'a', 'billing'],
    ['shop', 'a', undefined],
  ] as const) {
    expect(wayOf(own, exchange, routingKey, queue)).toMatchObject({ exchange, routingKey, queue })
    expect(wayOf(own, 'shop', 'a', 'billing')).toEqual(first)
  }
})

describe('a queue that ends with its connection', () => {
  test('is temporary for the channels of that connection, and has a name', () => {
    const connection = {}
    expect(publishedTo(channelOn(connection), '', 'replies-7').temporary).toBeUndefined()
    rememberExclusive(channelOn(connection), 'replies-7')
    expect(publishedTo(channelOn(connection), '', 'replies-7')).toEqual({
      name: 'replies-7',
      temporary: true,
      anonymous: false,
    })
    expect(publishedTo(channel, '', 'replies-7')).toEqual({ name: 'replies-7' })
  })

  test('is forgotten where there are too many', () => {
    const own = channelOn({})
    for (let count = 0; count <= 1_000; count++) rememberExclusive(own, `replies-${count}`)
    expect(publishedTo(own, '', 'replies-0').temporary).toBeUndefined()
    expect(publishedTo(own, '', 'replies-1000').temporary).toBe(true)
  })

  test('needs a connection and a name', () => {
    rememberExclusive({} as ChannelLike, 'replies')
    rememberExclusive(channel, '')
    rememberExclusive(channel, undefined)
    expect(publishedTo({} as ChannelLike, '', 'replies')).toEqual({ name: 'replies' })
  })
})
