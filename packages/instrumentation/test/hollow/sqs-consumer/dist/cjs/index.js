class Consumer {
  constructor({ handleMessage }) {
    this.handle = handleMessage
  }
  static create(options) {
    return new Consumer(options)
  }
}

exports.Consumer = Consumer
