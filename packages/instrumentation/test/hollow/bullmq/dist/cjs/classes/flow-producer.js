exports.FlowProducer = class FlowProducer {
  flows = []

  constructor(opts) {
    this.opts = { ...opts }
  }
  async add(flow) {
    this.flows.push(flow)
    return { job: flow }
  }
  async addBulk(flows) {
    this.flows.push(...flows)
    return []
  }
}
