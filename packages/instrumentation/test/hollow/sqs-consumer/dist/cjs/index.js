const { EventEmitter } = require('node:events')

class Consumer extends EventEmitter {
  constructor({ handleMessage, handleMessageBatch }) {
    super()
    this.handle = handleMessage
    this.handleBatch = handleMessageBatch
  }
  static create(options) {
    return new Consumer(options)
  }
}

exports.Consumer = Consumer
