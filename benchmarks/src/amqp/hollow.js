import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)
/** The client's inside, of which it exports nothing. */
const inside = (file) => require(join(dirname(require.resolve('amqplib')), 'lib', file))
const defs = inside('defs.js')
const { Connection } = inside('connection.js')
const { decodeFrame, parseFrame } = inside('frame.js')

/** The classes that amqplib makes channels of. */
export const channels = inside('channel_model.js')

/**
 * A real channel of amqplib, open, on a connection that goes nowhere: what is published is encoded, what is delivered
 * decoded, and nothing is written or read.
 */
export function createHollow(Channel = channels.Channel) {
  let written = []
  let keep = false
  const buffer = {
    write(bytes) {
      if (keep) written.push(bytes)
      return true
    },
  }
  const connection = Object.assign(Object.create(Connection.prototype), {
    frameMax: 131_072,
    maxFrameSize: 0,
    channels: [],
    serverProperties: { product: 'RabbitMQ', version: '4.2.0', cluster_name: 'rabbit@hollow' },
    freshChannel(channel) {
      connection.channels[1] = { channel, buffer }
      return 1
    },
    releaseChannel() {},
    sendMethod(number, method, fields) {
      if (method === defs.BasicConsume) {
        setImmediate(() => channel.accept({ id: defs.BasicConsumeOk, fields: { consumerTag: fields.queue } }))
        return true
      }
      return Connection.prototype.sendMethod.call(connection, number, method, fields)
    },
  })
  const channel = new Channel(connection)
  channel.allocate()
  let deliveryTag = 0
  return {
    channel,
    /** The message that a function publishes, to be delivered: the frames after its first. */
    async published(publish) {
      keep = true
      await publish()
      keep = false
      const bytes = Buffer.concat(written)
      written = []
      return bytes.subarray(parseFrame(bytes, 0).payload.length + FRAME)
    },
    /** Hands what was published to the consumer of a queue, as if it came from a socket. */
    deliver(queue, frames) {
      deliveryTag += 1
      const fields = { consumerTag: queue, deliveryTag, redelivered: false, exchange: '', routingKey: queue }
      let rest = Buffer.concat([defs.encodeMethod(defs.BasicDeliver, 1, fields), frames])
      while (rest.length > 0) {
        const frame = parseFrame(rest, 0)
        rest = frame.rest
        channel.accept(decodeFrame(frame))
      }
    },
    /** The broker confirms all messages up to this one. */
    confirm: (upTo) => channel.accept({ id: defs.BasicAck, fields: { deliveryTag: upTo, multiple: true } }),
    /** Hands a message to the consumer of a queue, when its client has decoded it. */
    deliverDecoded(queue, properties, content) {
      deliveryTag += 1
      const fields = { consumerTag: queue, deliveryTag, redelivered: false, exchange: '', routingKey: queue }
      channel.emit('delivery', { fields, properties, content })
    },
    /** The connection ends. */
    lose: () => channel.toClosed('the connection is gone'),
  }
}

/** Bytes of a frame beside its payload. */
const FRAME = 8
