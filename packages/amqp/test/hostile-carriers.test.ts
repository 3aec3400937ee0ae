import type { MessageProperties } from 'amqplib'
import { sweepCarriers } from '../../core/test/carrier-sweep.ts'
import { traceChannel } from '../src/index.ts'
import { createHollow } from './hollow.ts'

sweepCarriers('amqplib', {
  async process(carrier, handler, options) {
    const hollow = createHollow()
    const channel = options === undefined ? hollow.channel : traceChannel(hollow.channel, options)
    let given = ''
    await channel.consume(
      'orders',
      () => {
        given = handler()
      },
      { noAck: true },
    )
    hollow.deliver({ properties: { headers: carrier as MessageProperties['headers'] } })
    return given
  },
  send(carrier, options) {
    const hollow = createHollow()
    const channel = options === undefined ? hollow.channel : traceChannel(hollow.channel, options)
    const given = channel.publish('shop', 'orders', Buffer.from('order'), { headers: carrier })
    return [given, hollow.published.length, hollow.published[0]?.content.toString()]
  },
})
