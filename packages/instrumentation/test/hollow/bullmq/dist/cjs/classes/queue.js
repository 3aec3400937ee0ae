exports.Queue = class Queue {
  static shared = 'a static'
  jobs = []

  constructor(name, opts) {
    this.name = name
    this.opts = { ...opts }
  }
  async add(name, data, opts = {}) {
    const id = String(this.jobs.length + 1)
    const counts = { timestamp: 1, processedOn: 2, attemptsMade: 0, attemptsStarted: 1 }
    const job = { id, name, data, opts, queueName: this.name, queueQualifiedName: `bull:${this.name}`, ...counts }
    this.jobs.push(job)
    return job
  }
  async addBulk(jobs) {
    return Promise.all(jobs.map(({ name, data, opts }) => exports.Queue.prototype.add.call(this, name, data, opts)))
  }
  async upsertJobScheduler(id, repeat, template) {
    return exports.Queue.prototype.add.call(this, template?.name ?? id, template?.data, template?.opts)
  }
}
