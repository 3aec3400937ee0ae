/** Keeps what is published until it is connected. */
export default class ChannelWrapper {
  #messages = []

  publish(exchange, routingKey, content, { timeout, ...options } = {}) {
    this._enqueueMessage({ exchange, routingKey, content, options }, timeout)
  }
  _enqueueMessage(message) {
    this.#messages.push(message)
  }
  async connect(connection) {
    const channel = await connection.createChannel()
    for (const { exchange, routingKey, content, options } of this.#messages.splice(0)) {
      channel.publish(exchange, routingKey, content, options)
    }
  }
}
