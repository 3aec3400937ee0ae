// End to end on a real RabbitMQ: CPU time of the process that consumes, per message, and its throughput. Rounds are
// interleaved, each implementation in a process of its own.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { median } from '../measure.js'
import { runProcess } from '../process.js'
import { describeRun, writeResults } from '../results.js'
import { startRabbitmq } from './rabbitmq.js'

const IMPLEMENTATIONS = ['bare', 'by hand', 'official', 'ours']
/** Enough that compiling, which more code takes more of, is not what is measured. */
const MESSAGES = 100_000
const QUICK_MESSAGES = 10_000
/** The part of the messages that comes first and is not measured. */
const WARM_UP = 0.2
/** CPU time of the consuming process, at most so many times that of the same program with the headers by hand. */
const GATE = 1.05

export async function runOnBroker(options) {
  const broker = await startRabbitmq()
  try {
    const results = await measureOn(broker.address, options)
    writeResults(options.quick ? 'quick-rabbitmq' : 'rabbitmq', results)
    printMedians(results)
  } finally {
    await broker.stop()
  }
}

async function measureOn(address, options) {
  const { quick, processes, against } = options
  const names = against === undefined ? IMPLEMENTATIONS : [...IMPLEMENTATIONS, 'before']
  const messages = quick ? QUICK_MESSAGES : MESSAGES
  const results = { ...describeRun(options), messages, rabbitmq: {} }
  for (let round = 1; round <= processes; round++) {
    for (const name of names) {
      const figures = await measureIn({ address, name, messages })
      ;(results.rabbitmq[name] ??= []).push(figures)
      console.log(`${round} of ${processes}: ${name.padEnd(9)} ${line(figures)}`)
    }
  }
  return results
}

function printMedians({ rabbitmq }) {
  console.log('\nMedian:')
  for (const [name, rounds] of Object.entries(rabbitmq)) {
    console.log(`${name.padEnd(9)} ${line({ cpu: middle(rounds, 'cpu'), throughput: middle(rounds, 'throughput') })}`)
  }
  const { ours, 'by hand': byHand } = rabbitmq
  const ratio = median(ours.map(({ cpu }, round) => cpu / byHand[round].cpu))
  console.log(`ours / by hand ${ratio.toFixed(3)}, gate ${GATE}: ${ratio <= GATE ? 'kept' : 'missed'}`)
}

function middle(rounds, key) {
  return median(rounds.map((figures) => figures[key]))
}

function line({ cpu, throughput }) {
  return `${cpu.toFixed(1)} µs of CPU per message, ${throughput.toFixed(0)} messages a second`
}

/** Published by the same implementation in a process of its own, so that the other one does nothing but consume. */
async function measureIn({ address, name, messages }) {
  const order = { address, name, messages, queue: `benchmark-${randomUUID()}`, warmUp: Math.round(messages * WARM_UP) }
  await runIn('publisher', order)
  return runIn('consumer', order)
}

function runIn(role, order) {
  const file = join(import.meta.dirname, `${role}.js`)
  return runProcess(`The ${role} (${order.name})`, file, [JSON.stringify(order)], ['--no-warnings'])
}
