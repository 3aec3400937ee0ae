/*
 * What holds of each path: our added CPU time per message, divided by that of the official instrumentation. `gate` must
 * hold, `aim` is what the design strives for. With metrics the limit depends on whether the official one measures.
 */
const send = {
  gate: { sampled: 0.8, 'not sampled': 0.7, 'no SDK': 0.3 },
  aim: { sampled: 0.75, 'not sampled': 0.65, 'no SDK': 0.25 },
}
const publish = {
  gate: { sampled: 0.7, 'not sampled': 0.55, 'no SDK': 0.15 },
  aim: { sampled: 0.6, 'not sampled': 0.5, 'no SDK': 0.1 },
}
const queue = {
  gate: { sampled: 0.4, 'not sampled': 0.3, 'no SDK': 0.15 },
  aim: { sampled: 0.4, 'not sampled': 0.3, 'no SDK': 0.15 },
}
const MEASURED = 0.8
const UNMEASURED = 1.3
const add = {
  gate: { sampled: 0.9, 'not sampled': 0.9, 'no SDK': 0.9 },
  aim: { sampled: 0.9, 'not sampled': 0.9, 'no SDK': 0.9 },
  metrics: UNMEASURED,
}
const process = {
  gate: { sampled: 0.75, 'not sampled': 0.7, 'no SDK': 0.9 },
  aim: { sampled: 0.75, 'not sampled': 0.75, 'no SDK': 0.75 },
  metrics: UNMEASURED,
}

/** Sampled spans may cost so many times what careful code by hand costs, whatever the official instrumentation costs. */
export const BY_HAND = 1.1

export const GATES = {
  'kafka.send1': { ...send, metrics: MEASURED },
  'kafka.send10': { ...send, metrics: MEASURED },
  'kafka.send100': {
    gate: { sampled: 0.15, 'not sampled': 0.25, 'no SDK': 0.25 },
    aim: { sampled: 0.15, 'not sampled': 0.25, 'no SDK': 0.2 },
    metrics: MEASURED,
  },
  'kafka.eachMessage': {
    gate: { sampled: 0.55, 'not sampled': 0.35, 'no SDK': 0.15 },
    aim: { sampled: 0.5, 'not sampled': 0.3, 'no SDK': 0.12 },
    metrics: MEASURED,
  },
  'kafka.eachBatch': {
    gate: { sampled: 0.75, 'not sampled': 0.45, 'no SDK': 0.15 },
    aim: { sampled: 0.7, 'not sampled': 0.45, 'no SDK': 0.12 },
    metrics: MEASURED,
  },
  'amqp.publish': { ...publish, metrics: UNMEASURED },
  'amqp.confirm': { ...publish, metrics: UNMEASURED },
  'amqp.consume': {
    gate: { sampled: 0.55, 'not sampled': 0.4, 'no SDK': 0.2 },
    aim: { sampled: 0.5, 'not sampled': 0.35, 'no SDK': 0.15 },
    metrics: UNMEASURED,
  },
  'sqs.send': { ...queue, metrics: UNMEASURED },
  'sqs.receive10': { ...queue, metrics: UNMEASURED },
  'sqs.consume10': { ...queue, metrics: UNMEASURED },
  'bullmq.add': add,
  'bullmq.process': process,
  'bullmq.traceQueue': add,
  'bullmq.traceHandler': process,
}

/** The limit of a path in a mode. */
export function gateOf(path, mode) {
  return mode === 'metrics' ? GATES[path].metrics : GATES[path].gate[mode]
}

/** What the design strives for; with metrics there is only the gate. */
export function aimOf(path, mode) {
  return mode === 'metrics' ? GATES[path].metrics : GATES[path].aim[mode]
}
