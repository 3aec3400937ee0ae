import { TraceAssertionError } from '@tracebaton/testing'
import { beforeAll, expect, inject, test } from 'vitest'
import type { Run } from '../src/proofs/removal.ts'
import { playVariants, removalsOf, type Adapter } from '../src/proofs/variants.ts'

/** The client's verb for sending, and how a message is named. */
const WORDS: Readonly<Record<Adapter, readonly [verb: string, message: RegExp]>> = {
  kafka: ['send', /kafka \S+/],
  amqp: ['publish', /rabbitmq \S+/],
  sqs: ['send', /aws\.sqs \S+/],
  bullmq: ['add', /bullmq \S+/],
}

const rows = (Object.keys(WORDS) as Adapter[]).flatMap((adapter) =>
  removalsOf(adapter).map((removal) => [adapter, removal.assertion, removal.removed, removal] as const),
)

let runs: Readonly<Record<Adapter, ReadonlyMap<string, Run>>>

beforeAll(async () => {
  const { kafka, rabbitmq, redis, sqs } = inject('brokers')
  runs = await playVariants({ kafka, amqp: rabbitmq, sqs, bullmq: redis })
})

test.each(rows)('%s: %s misses %s', (adapter, _, removed, { assert, expected }) => {
  const [verb, message] = WORDS[adapter]
  assert(runs[adapter].get('nothing')!)
  const error = thrown(() => assert(runs[adapter].get(removed)!))
  const problem = expected.problem.replace('send orders', `${verb} orders`)
  const { rule, side, service } = expected
  const place = { rule, side, service, hop: expected.hop.replace(/^send orders/, `${verb} orders`) }
  expect(error.findings).toContainEqual(
    expect.objectContaining({ ...place, problem: expect.stringContaining(problem), message: expect.any(String) }),
  )
  const said = error.findings.find((finding) => finding.rule === rule && finding.problem.includes(problem))
  expect(said?.message).toMatch(message)
  for (const part of [said!.problem, said!.message, place.hop, side]) expect(error.message).toContain(part)
})

function thrown(assert: () => unknown): TraceAssertionError {
  try {
    assert()
  } catch (error) {
    if (error instanceof TraceAssertionError) return error
    throw error
  }
  throw new Error('Nothing was missed')
}
