/** The class of kafkajs without a broker: what is sent is kept, and given to the handlers that run. */
class Client {
  static made = 0
  #sent = []
  #handlers = []

  constructor({ brokers }) {
    Client.made += 1
    this.brokers = brokers
  }

  get sent() {
    return this.#sent
  }

  producer() {
    const send = async ({ topic, messages }) => {
      for (const message of messages) {
        const offset = String(this.#sent.length)
        this.#sent.push(message)
        const received = { key: null, timestamp: '1', offset, headers: {}, ...message }
        for (const handle of this.#handlers) await handle({ topic, partition: 0, message: received })
      }
      return [{ topicName: topic, partition: 0, baseOffset: '0' }]
    }
    return { send, sendBatch: async () => [], transaction: async () => ({}) }
  }

  consumer() {
    return { run: async ({ eachMessage }) => void this.#handlers.push(eachMessage) }
  }
}

exports.Kafka = Client
exports.CompressionTypes = { None: 0 }
