import { createAdapterTracing } from '../src/tracing.ts'
import { sweepCarriers } from './carrier-sweep.ts'
import { publication } from './messages.ts'

let latest = 0

sweepCarriers('core', {
  process: (carrier, handler, options) =>
    options === undefined
      ? handler()
      : createAdapterTracing(options).process(
          { system: 'kafka', destination: { name: 'orders' }, carrier, identity: `hostile ${(latest += 1)}` },
          handler,
        ),
  send(carrier, options) {
    let calls = 0
    const publish = (): number => (calls += 1)
    const given =
      options === undefined ? publish() : createAdapterTracing(options).send(publication([{ carrier }]), publish)
    return [given, calls]
  },
})
