const { AmqplibInstrumentation } = require('@opentelemetry/instrumentation-amqplib')
const { begin, ours, play } = require('./play.cjs')

begin(AmqplibInstrumentation)
const amqp = require('amqplib')
const { traceConnection } = require('@tracebaton/amqp')
const { randomUUID } = require('node:crypto')

void play(async (address) => {
  const bare = await amqp.connect(address)
  const connection = ours ? traceConnection(bare) : bare
  const channel = await connection.createConfirmChannel()
  const send = async (queue, body) => {
    // With an id of its own a message can be told from others.
    channel.sendToQueue(queue, Buffer.from(body), { messageId: randomUUID() })
    await channel.waitForConfirms()
  }
  let buried
  return {
    async create({ poison, dead, ...queues }) {
      buried = poison
      for (const queue of [dead, ...Object.values(queues)]) await channel.assertQueue(queue)
      await channel.assertQueue(poison, { deadLetterExchange: '', deadLetterRoutingKey: dead })
    },
    send,
    async sendBatch(queue, bodies) {
      await Promise.all(bodies.map((body) => send(queue, body)))
    },
    async pass({ content, properties: { headers, messageId } }, queue) {
      channel.sendToQueue(queue, content, { messageId, headers })
      await channel.waitForConfirms()
    },
    consume: (queue, handler) =>
      channel.consume(queue, async (message) => {
        try {
          await handler(message)
          channel.ack(message)
        } catch {
          channel.nack(message, false, queue !== buried || !message.fields.redelivered)
        }
      }),
    consumeBatch: (queue, count, handler) =>
      new Promise((resolve, reject) => {
        const messages = []
        channel
          .consume(queue, (message) => {
            messages.push(message)
            if (messages.length < count) return
            handler(messages)
            channel.ackAll()
            setImmediate(resolve)
          })
          .catch(reject)
      }),
    async close() {
      await channel.close()
      await connection.close()
    },
  }
})
