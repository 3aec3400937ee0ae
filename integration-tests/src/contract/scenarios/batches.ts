import { assertSpan, assertSpans, type RecordedSpan } from '@tracebaton/testing'
import { expect } from 'vitest'
import type { Attempt, Calls } from '../attempt.ts'
import { contextOn, foreignContext, only, operations } from '../expectations.ts'
import { deferred } from '../deferred.ts'
import type { Batch, Received } from '../fixture.ts'
import { OrderError } from '../order-error.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'
import { turns } from '../turns.ts'

const COUNT = 6

/** Sends messages by themselves, each in a trace of its own, before anybody listens: so that they arrive together. */
async function waiting(stage: Stage, count: number = COUNT): Promise<string> {
  const destination = await stage.destination()
  const client = await stage.client()
  for (let index = 0; index < count; index++) await stage.send(client, destination, `message ${index}`)
  return destination
}

/** The span that stands for messages which arrived together: it processes them as a whole, or received them. */
function batchSpans(spans: readonly RecordedSpan[]): RecordedSpan[] {
  const types = new Set<unknown>(['process', 'receive'])
  return spans.filter(
    ({ attributes }) =>
      attributes['messaging.batch.message_count'] !== undefined && types.has(attributes['messaging.operation.type']),
  )
}

/** Handles one batch in the given way, and gives its attempts by the body of the message. */
async function attemptsOf(
  stage: Stage,
  destination: string,
  sideBySide: boolean,
  work: (batch: Batch, handled: (message: Received) => Promise<void>, calls: Calls) => Promise<unknown>,
): Promise<Map<string, Attempt>> {
  const client = await stage.client()
  const openAttempts: number[] = []
  const calls = await stage.handleBatches(client, destination, (batch, handled) =>
    work(
      batch,
      async (message) => {
        handled.note(message)
        openAttempts.push(openOf(stage, destination))
        await turns(2)
        openAttempts.push(openOf(stage, destination))
      },
      handled,
    ),
  )
  const attempts = await calls.ended(COUNT)
  expect(calls.all).toHaveLength(COUNT)
  expect(Math.max(...openAttempts)).toBe(sideBySide ? COUNT : 1)
  return new Map(attempts.map((attempt) => [attempt.body, attempt]))
}

/** How many attempts are going on. */
function openOf(stage: Stage, destination: string): number {
  const attempts = operations(stage.recorder.open, 'process', destination)
  return attempts.filter((span) => !batchSpans([span]).includes(span)).length
}

/** Expects each attempt below its own message, in a trace of its own. */
function expectOwnSpans(attempts: ReadonlyMap<string, Attempt>): void {
  const traces = [...attempts.values()].map((attempt) => {
    const creation = contextOn(attempt)
    assertSpan(attempt.span, { parent: creation, links: { creation: [creation] } })
    return creation.traceId
  })
  expect(new Set(traces).size).toBe(attempts.size)
}

/** Messages that arrive together. */
export const batchScenarios: readonly Scenario[] = [
  {
    name: 'messages that arrive together link each distinct context once',
    needs: ['batchHandling', 'batchSend'],
    async run(stage) {
      const client = await stage.client({ spanPerMessageUpTo: 1 })
      const destination = await stage.destination()
      for (const call of ['a', 'b']) {
        await client.sendBatch(
          destination,
          [1, 2].map((index) => stage.fixture.message(`${call}${index}`)),
        )
      }
      await stage.send(await stage.plain(), destination, 'no context')
      const sends = stage.recorder.spans.filter(({ kind }) => kind === 'producer')
      expect(sends).toHaveLength(2)
      await stage.handleBatches(client, destination, () => {})
      const span = await stage.recorder.until((spans) => batchSpans(spans)[0], { timeout: stage.fixture.patience })
      assertSpan(span, { links: { creation: sends }, attributes: { 'messaging.batch.message_count': 5 } })
    },
  },
  {
    name: 'a batch is a root: no message of it is its parent, and neither is the span it was started in',
    needs: ['batchHandling', 'batchSpan'],
    async run(stage) {
      const destination = await waiting(stage)
      const client = await stage.client({ relation: 'child' })
      await stage.inSpan('start-up', () => stage.handleBatches(client, destination, () => {}))
      const span = await stage.recorder.until((spans) => batchSpans(spans)[0], { timeout: stage.fixture.patience })
      assertSpan(span, { parent: 'none', kind: 'consumer', links: { creation: (links) => links.length === COUNT } })
    },
  },
  {
    name: 'a batch of more messages than a span may have links keeps the newest and says how many there were',
    needs: ['batchHandling', 'batchSpan', 'largeBatches'],
    async run(stage) {
      const destination = await stage.destination()
      const plain = await stage.plain()
      const contexts = Array.from({ length: 140 }, foreignContext)
      const inputs = contexts.map(({ traceparent }, index) =>
        stage.fixture.message(String(index), stage.fixture.headers({ traceparent })),
      )
      for (const input of inputs) await plain.send(destination, input)
      const client = await stage.client()
      await stage.handleBatches(client, destination, () => {})
      const span = await stage.recorder.until((spans) => batchSpans(spans)[0], { timeout: stage.fixture.patience })
      const newest = contexts.slice(-128)
      assertSpan(span, {
        links: newest,
        attributes: { 'messaging.batch.message_count': 140, 'tracebaton.links.total': 140 },
        droppedLinks: (dropped) => (dropped ?? 0) === 0,
      })
      assertSpan(span, { links: (links) => links.every(({ spanId }, index) => spanId === newest[index]?.spanId) })
    },
  },
  {
    name: 'forEachMessage runs one attempt after the other, each in its own span, and gives the results in order',
    needs: ['batchHandling'],
    async run(stage) {
      const destination = await waiting(stage)
      const results = deferred<readonly string[]>()
      const attempts = await attemptsOf(stage, destination, false, async (batch, handled) => {
        const answers = await batch.forEachMessage(async (message) => {
          await handled(message)
          return message.body
        })
        results.resolve(answers)
      })
      expectOwnSpans(attempts)
      expect(await results.promise).toEqual([...attempts.keys()])
    },
  },
  {
    name: 'messages handled in a loop of the application have a span each',
    needs: ['batchHandling'],
    async run(stage) {
      const destination = await waiting(stage)
      const attempts = await attemptsOf(stage, destination, false, async (batch, handled) => {
        async function* stream(): AsyncGenerator<Received> {
          yield* batch.messages
        }
        const handle = batch.traceHandler(handled)
        for await (const message of stream()) await handle(message)
      })
      expectOwnSpans(attempts)
    },
  },
  {
    name: 'messages handled side by side have a span each',
    needs: ['batchHandling'],
    async run(stage) {
      const destination = await waiting(stage)
      const attempts = await attemptsOf(stage, destination, true, (batch, handled) =>
        Promise.all(batch.messages.map(batch.traceHandler(handled))),
      )
      expectOwnSpans(attempts)
    },
  },
  {
    name: 'a loop that is left early has spans for what it handled, and for nothing else',
    needs: ['batchHandling'],
    async run(stage) {
      const destination = await waiting(stage)
      const client = await stage.client()
      const left = deferred()
      const calls = await stage.handleBatches(client, destination, async (batch, handled) => {
        const handle = batch.traceHandler((message) => handled.note(message))
        for (const message of batch.messages) {
          if (message.body === 'message 2') break
          handle(message)
        }
        left.resolve()
      })
      await left.promise
      const attempts = await calls.ended(2)
      expect(attempts.map(({ body }) => body)).toEqual(['message 0', 'message 1'])
      expect(calls.all).toHaveLength(2)
    },
  },
  {
    name: 'a handler of single messages is called with the `this` of its caller',
    needs: ['batchHandling'],
    async run(stage) {
      const destination = await waiting(stage, 1)
      const client = await stage.client()
      const caller = {}
      const callers: unknown[] = []
      const calls = await stage.handleBatches(client, destination, (batch, handled) => {
        const handle = batch.traceHandler(function (this: unknown, message) {
          handled.note(message)
          callers.push(this)
        })
        for (const message of batch.messages) handle.call(caller, message)
      })
      await calls.ended(1)
      expect(callers).toHaveLength(1)
      expect(callers[0]).toBe(caller)
    },
  },
  {
    name: 'a handler inside another one of its message is no attempt of its own, and one after it is the next',
    needs: ['batchHandling'],
    async run(stage) {
      const destination = await waiting(stage, 1)
      const client = await stage.client()
      const calls = await stage.handleBatches(client, destination, async (batch, handled) => {
        const inner = batch.traceHandler(async (message) => {
          handled.note(message)
          await turns(2)
        })
        const outer = batch.traceHandler(async (message) => {
          await inner(message)
          await inner(message)
          await Promise.all([inner(message), inner(message)])
        })
        await Promise.all(batch.messages.map(outer))
        await Promise.all(batch.messages.map(inner))
      })
      const spans = (await calls.ended(5)).map(({ span }) => span)
      const [first, , , , next] = spans
      expect(spans).toEqual([first, first, first, first, next])
      assertSpans(
        [first!, next!],
        [
          { attempt: 1, outcome: 'acked', links: { previous_attempt: [] } },
          { attempt: 2, outcome: 'acked', links: { previous_attempt: [first!] } },
        ],
      )
    },
  },
  {
    name: 'of messages handled together only those that failed are errors',
    needs: ['batchHandling'],
    async run(stage) {
      const destination = await waiting(stage)
      const attempts = await attemptsOf(stage, destination, true, (batch, handled) =>
        Promise.allSettled(
          batch.messages.map(
            batch.traceHandler(async (message) => {
              await handled(message)
              if (message.body === 'message 3') throw new OrderError('no stock')
            }),
          ),
        ),
      )
      expectOwnSpans(attempts)
      for (const [body, { span }] of attempts) assertSpan(span, { status: body === 'message 3' ? 'error' : 'unset' })
      assertSpan(attempts.get('message 3')!.span, { attributes: { 'error.type': 'OrderError' } })
      for (const span of batchSpans(stage.recorder.spans)) assertSpan(span, { status: (status) => status !== 'error' })
    },
  },
  {
    name: 'the attempts of a batch link the span of the batch',
    needs: ['batchHandling', 'batchSpan'],
    async run(stage) {
      const destination = await waiting(stage)
      const attempts = await attemptsOf(stage, destination, false, (batch, handled) => batch.forEachMessage(handled))
      await stage.recorder.until((spans) => batchSpans(spans)[0], { timeout: stage.fixture.patience })
      const batch = only(batchSpans(stage.recorder.spans))
      for (const { span } of attempts.values()) assertSpan(span, { links: { batch: [batch] } })
    },
  },
]
