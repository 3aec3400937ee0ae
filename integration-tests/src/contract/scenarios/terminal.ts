import { assertSpan, assertSpans, type ExpectedSpan } from '@tracebaton/testing'
import type { Attempt } from '../attempt.ts'
import { OrderError } from '../order-error.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'

function expectAttempts(attempts: readonly Attempt[], expected: readonly ExpectedSpan[]): void {
  assertSpans(
    attempts.map(({ span }) => span),
    expected,
  )
}

/** Two attempts that failed, and one that worked. */
const failed = { status: 'unset', attributes: { 'error.type': 'OrderError' } } as const
const WORKED_AT_LAST: readonly ExpectedSpan[] = [
  { ...failed, attempt: 1 },
  { ...failed, attempt: 2 },
  { status: 'unset', attributes: { 'error.type': undefined }, attempt: 3 },
]

/** Expects that no span says error, but the one that may. */
function expectNoErrors({ recorder }: Stage, but?: Attempt): void {
  for (const span of recorder.spans) {
    if (span !== but?.span) assertSpan(span, { status: (status) => status !== 'error' })
  }
}

/** `errorStatus: 'terminal'`: only what nobody tries again is an error. */
export const terminalScenarios: readonly Scenario[] = [
  {
    name: 'of a message that fails twice and then works no span is an error, where only the end counts',
    needs: ['redelivery'],
    async run(stage) {
      const client = await stage.client({ errorStatus: 'terminal' })
      const destination = await stage.destination()
      await stage.send(client, destination, 'order')
      const calls = await stage.handle(client, destination, (_, { number }) => {
        if (number < 3) throw new OrderError('no stock')
      })
      const attempts = await calls.ended(3)
      expectAttempts(attempts, WORKED_AT_LAST)
      expectNoErrors(stage)
    },
  },
  {
    name: 'of a message that is sent to retry twice and then works no span is an error, where only the end counts',
    needs: ['moves'],
    async run(stage) {
      const client = await stage.client({ errorStatus: 'terminal' })
      const destination = await stage.destination()
      await stage.send(client, destination, 'order')
      const calls = await stage.handle(client, destination, (message, { number }) =>
        number < 3 ? stage.moves(client).retryLater(message, { error: new OrderError('no stock') }) : undefined,
      )
      const attempts = await calls.ended(3)
      expectAttempts(attempts, WORKED_AT_LAST)
      expectNoErrors(stage)
    },
  },
  {
    name: 'of a message that is given up exactly one span is an error, where only the end counts',
    needs: ['moves'],
    async run(stage) {
      const client = await stage.client({ errorStatus: 'terminal' })
      const moves = stage.moves(client)
      const [destination, dead] = [await stage.destination(), await stage.destination()]
      await stage.send(client, destination, 'order')
      const error = new OrderError('no stock')
      const calls = await stage.handle(client, destination, (message, { number }) =>
        number < 3 ? moves.retryLater(message, { error }) : moves.deadLetter(message, { to: dead, error }),
      )
      const attempts = await calls.ended(3)
      await (await stage.handle(client, dead)).ended(1)
      expectAttempts(attempts, [{ status: 'unset' }, { status: 'unset' }, { status: 'error' }])
      expectNoErrors(stage, attempts[2])
    },
  },
]
