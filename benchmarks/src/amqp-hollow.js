import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)
/** The client's inside, of which it exports nothing. */
const inside = (file) => require(join(dirname(require.resolve('amqplib')), 'lib', file))

/** The classes that amqplib makes channels of. */
export const channels = inside('channel_model.js')

/** A real channel of amqplib, open, on a connection that goes nowhere. */
export function createHollow(Channel = channels.Channel) {
  const { BasicConsume, BasicConsumeOk } = inside('defs.js')
  const channel = new Channel({
    freshChannel: () => 1,
    releaseChannel() {},
    sendMethod(_, method, { queue }) {
      if (method === BasicConsume) {
        setImmediate(() => channel.accept({ id: BasicConsumeOk, fields: { consumerTag: queue } }))
      }
      return true
    },
    sendMessage: () => true,
  })
  channel.allocate()
  let deliveryTag = 0
  return {
    channel,
    /** Hands a message to the consumer of a queue. */
    deliver(queue, headers, content) {
      deliveryTag += 1
      const fields = { consumerTag: queue, deliveryTag, redelivered: false, exchange: '', routingKey: queue }
      channel.emit('delivery', { fields, properties: { messageId: `m-${deliveryTag}`, headers }, content })
    },
    /** The connection ends. */
    lose: () => channel.toClosed('the connection is gone'),
  }
}
