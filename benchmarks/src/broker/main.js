// End to end on a real RabbitMQ: CPU time of the process that consumes, per message, and its throughput. Rounds are
// interleaved, each implementation in a process of its own.
import { join } from 'node:path'
import { median } from '../measure.js'
import { runProcess } from '../process.js'
import { describeRun, writeResults } from '../results.js'
import { startRabbitmq } from './rabbitmq.js'

const IMPLEMENTATIONS = ['bare', 'by hand', 'official', 'ours']
const MESSAGES = 20_000
const QUICK_MESSAGES = 3_000
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

function measureIn(order) {
  const consumer = join(import.meta.dirname, 'consumer.js')
  return runProcess(`The consumer (${order.name})`, consumer, [JSON.stringify(order)], ['--no-warnings'])
}
