/** kafkajs without a broker: a producer and a consumer of closures, as the real ones are, which answer at once. */
export class HollowKafka {
  /** The messages of the latest send. */
  sent = []

  producer() {
    const answer = [{ topicName: 'orders', partition: 0, errorCode: 0, baseOffset: '42' }]
    const send = async ({ messages }) => {
      this.sent = messages
      return answer
    }
    const sendBatch = async ({ topicMessages }) => {
      this.sent = topicMessages[0].messages
      return answer
    }
    return { events: {}, on: () => () => {}, send, sendBatch, transaction: async () => ({}) }
  }

  consumer() {
    let config
    return {
      events: {},
      on: () => () => {},
      run: async (given) => {
        config = given
      },
      deliver: (payload) => (config.eachMessage ?? config.eachBatch)(payload),
    }
  }
}

/** Headers as a producer gives them, in the form in which a consumer gets them. */
export function received(headers = {}) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)]))
}
