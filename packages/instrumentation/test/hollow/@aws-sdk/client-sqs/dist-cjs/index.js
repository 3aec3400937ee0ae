class SQSClient {
  #middleware = new Map()
  requests = []

  constructor(config) {
    this.config = { serviceId: 'SQS', defaultUserAgentProvider: async () => [['aws-sdk-js', '3.1000.0']], ...config }
    this.middlewareStack = { add: (middleware, { name }) => void this.#middleware.set(name, middleware) }
  }
  async send({ commandName, input }) {
    const service = async (args) => {
      this.requests.push(args.input)
      return { output: { MessageId: '1', $metadata: {} } }
    }
    const call = [...this.#middleware.values()].reduce((next, use) => use(next, { commandName }), service)
    return (await call({ input })).output
  }
}

exports.SQSClient = SQSClient
exports.SQS = class SQS extends SQSClient {}
exports.SendMessageCommand = class SendMessageCommand {
  commandName = 'SendMessageCommand'
  constructor(input) {
    this.input = input
  }
}
