import { messageFacts } from '@tracebaton/testing'
import { expect } from 'vitest'
import { OrderError } from '../order-error.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'

const errors = ({ recorder }: Stage): number => recorder.spans.filter(({ status }) => status === 'error').length

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
      expect(attempts.map(({ span }) => span.attributes['error.type'])).toEqual(['OrderError', 'OrderError', undefined])
      expect(errors(stage)).toBe(0)
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
      expect(attempts.map(({ span }) => messageFacts(span).attempt)).toEqual([1, 2, 3])
      expect(attempts.map(({ span }) => span.attributes['error.type'])).toEqual(['OrderError', 'OrderError', undefined])
      expect(errors(stage)).toBe(0)
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
      expect(attempts.map(({ span }) => span.status)).toEqual(['unset', 'unset', 'error'])
      expect(errors(stage)).toBe(1)
    },
  },
]
