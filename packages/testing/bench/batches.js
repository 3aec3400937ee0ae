// Writes OTLP JSON lines of a shop on Kafka, two of whose topics are consumed in batches of one partition each.
//   node packages/testing/bench/batches.js <file> [spans = 1000000] [seed = 1] [--members]
// The same arguments give the same bytes. What is wrong in them is planted, and printed at the end as what has to be found.
// --members: each message of a batch has a span of its own beside that of the batch.
import { closeSync, openSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRandom, hexId, linkTo, requestOf, spanWith } from './otlp-spans.js'

const EPOCH_MS = Date.UTC(2026, 0, 15, 10)
const ORDER_EVERY_MS = 50
const PARTITIONS = 12
const PER_LINE = 200
const MOST_ATTEMPTS = 4

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  const [file, ...more] = process.argv.slice(2)
  const [spans = '1000000', seed = '1'] = more.filter((word) => !word.startsWith('--'))
  if (file === undefined) throw new Error('Usage: batches.js <file> [spans] [seed] [--members]')
  console.log(
    JSON.stringify(
      generateBatches(file, { spans: Number(spans), seed: Number(seed), members: more.includes('--members') }),
    ),
  )
}

/**
 * @param {string} file
 * @param {{ spans: number, seed: number, members?: boolean }} options
 */
export function generateBatches(file, { spans: goal, seed, members = false }) {
  const random = createRandom(seed)
  const lines = createLines(file)
  const truth = { spans: 0, batches: 0, batchLinks: 0, lost: 0, gaps: 0, dangling: 0, repeated: 0 }
  const pools = new Map()
  let offset = 0

  const chance = (probability) => random() < probability
  const id = (length) => hexId(random, length)

  function emit(service, kind, name, at, duration, { trace, parent, attributes, links, own = id(16) }) {
    lines.add(at + duration, service, spanWith({ name, kind, trace, own, parent, at, duration, attributes, links }))
    truth.spans += 1
    return { trace, span: own, at, end: at + duration }
  }

  function message(topic) {
    offset += 1
    return {
      topic,
      facts: {
        ...kafka(topic),
        'messaging.destination.partition.id': String(offset % PARTITIONS),
        'kafka.offset': offset,
      },
    }
  }

  function send(service, { topic, facts }, trace, parent, at) {
    return emit(service, 4, `send ${topic}`, at, 2, { trace, parent, attributes: { ...facts, ...operation('send') } })
  }

  /** A message waits for the others of its batch. */
  function pool(service, { topic, facts }, creation, at) {
    const key = `${topic}/${facts['messaging.destination.partition.id']}`
    const waiting = pools.get(key) ?? { size: 10 + Math.floor(random() * 91), messages: [] }
    pools.set(key, waiting)
    waiting.messages.push({ facts, creation })
    if (waiting.messages.length < waiting.size) return
    pools.delete(key)
    handleBatch(service, topic, waiting.messages, at + 20)
  }

  function handleBatch(service, topic, messages, at) {
    const trace = id(32)
    const links = messages.map(({ facts, creation }) =>
      linkTo('message', creation.trace, creation.span, {
        'messaging.destination.partition.id': facts['messaging.destination.partition.id'],
        'kafka.offset': facts['kafka.offset'],
      }),
    )
    const attributes = {
      ...kafka(topic),
      ...operation('process', service),
      'messaging.batch.message_count': links.length,
    }
    const fault = random()
    if (fault < 0.05) {
      truth.dangling += 1
      links[0] = { ...links[0], spanId: id(16) }
    } else if (fault < 0.1) {
      truth.repeated += 1
      links[0] = links[1]
    }
    truth.batches += 1
    truth.batchLinks += links.length
    const batch = emit(service, 5, `process ${topic}`, at, 200, { trace, parent: '', attributes, links })
    emit(service, 3, 'INSERT ledger', at + 5, 40, {
      trace,
      parent: batch.span,
      attributes: { 'db.system.name': 'postgresql' },
    })
    if (!members) return
    for (const { facts, creation } of messages) {
      emit(service, 5, `process ${topic}`, at + 10, 5, {
        trace: creation.trace,
        parent: creation.span,
        attributes: { ...facts, ...operation('process', service), ...delivery(1, 'first', 'acked') },
        links: [linkTo('batch', batch.trace, batch.span), linkTo('creation', creation.trace, creation.span)],
      })
    }
  }

  /** All attempts of one message in one queue. Gives the last one, and whether it failed. */
  function handle(service, own, creation, { failures, from, kind, before, redrives = 0, lost = false }) {
    let at = from
    let last = before
    for (let number = 1; number <= MOST_ATTEMPTS; number += 1) {
      const failed = number <= failures
      if (failed && number === 2 && chance(0.01)) {
        truth.gaps += 1
        number += 1
      }
      const final = failed && number >= MOST_ATTEMPTS
      const outcome = failed ? (final ? 'dead_lettered' : 'retry_scheduled') : 'acked'
      const apart = lost || kind !== 'first'
      const trace = apart ? id(32) : creation.trace
      const previous = number > 1 || kind !== 'first' ? last : undefined
      const attempt = emit(service, 5, `process ${own.topic}`, at, 20 + random() * 40, {
        trace,
        parent: apart ? '' : creation.span,
        attributes: {
          ...own.facts,
          ...operation('process', service),
          ...delivery(number, number > 1 ? 'delayed' : kind, outcome, redrives),
          ...(failed && { 'error.type': 'TimeoutError' }),
          ...(lost && { 'tracebaton.context.status': 'absent' }),
        },
        links: lost
          ? []
          : [
              ...(previous ? [linkTo('previous_attempt', previous.trace, previous.span)] : []),
              linkTo('creation', creation.trace, creation.span),
            ],
      })
      emit(service, 3, 'POST', at + 1, 10, {
        trace,
        parent: attempt.span,
        attributes: { 'server.address': 'pay.example' },
      })
      last = attempt
      if (!failed) return { last, failed: false }
      at = attempt.end + 500 * 2 ** number
    }
    return { last, failed: true }
  }

  /** A dead letter, and sometimes its redrive. */
  function bury(own, creation, last) {
    const dead = message('orders-dead')
    move('billing', dead, creation, last, last.end - 3, { 'tracebaton.dead_letter.source': own.topic })
    const { last: seen } = handle('support', dead, creation, {
      failures: 0,
      from: last.end + 50,
      kind: 'dead_letter',
      before: last,
    })
    if (!chance(0.5)) return
    const at = seen.end + 60_000 + random() * 60_000
    move('support', own, creation, seen, at, {})
    handle('billing', own, creation, { failures: 0, from: at + 30, kind: 'redrive', before: seen, redrives: 1 })
  }

  function move(service, { topic, facts }, creation, { trace, span }, at, more) {
    const links = [linkTo('creation', creation.trace, creation.span)]
    emit(service, 3, `send ${topic}`, at, 2, {
      trace,
      parent: span,
      attributes: { ...facts, ...operation('send'), ...more },
      links,
    })
  }

  function order(at) {
    const trace = id(32)
    const root = emit('shop', 2, 'POST /orders', at, 30, {
      trace,
      parent: '',
      attributes: { 'http.request.method': 'POST' },
    })
    const own = message('orders')
    const creation = send('shop', own, trace, root.span, at + 4)
    if (chance(0.3)) {
      const audit = message('audit')
      pool('auditor', audit, send('shop', audit, trace, root.span, at + 8), at + 10)
    }
    const failures = chance(0.8) ? 0 : chance(0.9) ? 1 + Math.floor(random() * (MOST_ATTEMPTS - 1)) : MOST_ATTEMPTS
    const lost = failures === 0 && chance(0.003)
    if (lost) truth.lost += 1
    const { last, failed } = handle('billing', own, creation, {
      failures,
      from: creation.end + 10,
      kind: 'first',
      lost,
    })
    if (failed) bury(own, creation, last)
    else if (chance(0.6)) {
      const invoice = message('invoices')
      pool('ledger', invoice, send('billing', invoice, last.trace, last.span, last.at + 4), last.end)
    }
  }

  for (let number = 0; truth.spans < goal; number += 1) {
    const at = EPOCH_MS + number * ORDER_EVERY_MS
    lines.flushUntil(at)
    order(at)
  }
  return { ...truth, bytes: lines.end() }
}

function kafka(topic) {
  return { 'messaging.system.name': 'kafka', 'messaging.system': 'kafka', 'messaging.destination.name': topic }
}

function operation(name, consumerGroup) {
  return {
    'messaging.operation.name': name,
    'messaging.operation.type': name,
    ...(consumerGroup !== undefined && { 'messaging.consumer.group.name': consumerGroup }),
  }
}

function delivery(attempt, kind, outcome, redrives = 0) {
  return {
    'tracebaton.delivery.attempt': attempt,
    'tracebaton.delivery.max_attempts': MOST_ATTEMPTS,
    'tracebaton.delivery.attempt_source': 'memory',
    'tracebaton.delivery.kind': kind,
    'tracebaton.delivery.outcome': outcome,
    ...(redrives > 0 && { 'tracebaton.delivery.redrives': redrives }),
  }
}

/** Spans in lines of their own, in the order in which they end, as exporters send them. */
function createLines(file) {
  const output = openSync(file, 'w')
  const bySecond = new Map()
  let [second, bytes, line] = [Math.floor(EPOCH_MS / 1000), 0, []]

  function write() {
    if (line.length > 0) bytes += writeSync(output, `${JSON.stringify(requestOf(line))}\n`)
    line = []
  }

  function flushUntil(ms) {
    for (; second * 1000 < ms - 1000; second += 1) {
      for (const item of bySecond.get(second) ?? []) {
        line.push(item)
        if (line.length === PER_LINE) write()
      }
      bySecond.delete(second)
    }
  }

  return {
    flushUntil,
    add(end, service, span) {
      const at = Math.max(second, Math.floor(end / 1000))
      const known = bySecond.get(at)
      if (known) known.push({ service, span })
      else bySecond.set(at, [{ service, span }])
    },
    end() {
      flushUntil((Math.max(second, ...bySecond.keys()) + 3) * 1000)
      write()
      closeSync(output)
      return bytes
    },
  }
}
