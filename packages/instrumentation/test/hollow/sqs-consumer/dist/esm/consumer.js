export class Consumer {
  constructor({ handleMessage, handleMessageBatch }) {
    this.handle = handleMessage
    this.handleBatch = handleMessageBatch
  }
  static create(options) {
    return new Consumer(options)
  }
}
