exports.Worker = class Worker {
  constructor(name, processor, opts) {
    this.name = name
    this.processor = processor
    this.opts = { ...opts }
  }
  async run(job) {
    return this.processor(job)
  }
}
