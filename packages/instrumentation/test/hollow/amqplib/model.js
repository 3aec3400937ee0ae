/** A channel without a broker: what is published goes to the handlers of the queue. */
class Channel {
  published = []
  #handlers = new Map()
  #tag = 0

  publish(exchange, routingKey, content, options = {}) {
    this.published.push(options)
    const fields = { deliveryTag: ++this.#tag, redelivered: false, exchange, routingKey }
    this.#handlers.get(routingKey)?.({ content, fields, properties: options })
    return true
  }
  sendToQueue(queue, content, options) {
    return this.publish('', queue, content, options)
  }
  async consume(queue, handler) {
    this.#handlers.set(queue, handler)
    return { consumerTag: queue }
  }
  ack() {}
  nack() {}
}

exports.Connection = class Connection {
  createChannel(opened) {
    const channel = new Channel()
    if (opened === undefined) return Promise.resolve(channel)
    setImmediate(() => opened(null, channel))
    return channel
  }
  createConfirmChannel(opened) {
    return this.createChannel(opened)
  }
  close() {}
}

/** Calls the `setup` of a connection that recovers, with a callback if it takes one. */
exports.setUp = async function setUp(options, connection) {
  const { setup } = options?.recovery ?? {}
  if (setup?.length !== 2) await setup?.(connection)
  else await new Promise((resolve, reject) => setup(connection, (error) => (error ? reject(error) : resolve())))
}
