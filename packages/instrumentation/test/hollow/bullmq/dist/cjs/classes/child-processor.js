exports.ChildProcessor = class ChildProcessor {
  async init(file) {
    this.processor = require(file)
  }
}
