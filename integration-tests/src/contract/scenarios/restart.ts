import { assertSpan } from '@tracebaton/testing'
import { expect } from 'vitest'
import { contextOn } from '../expectations.ts'
import { deferred } from '../deferred.ts'
import type { Scenario } from '../scenario.ts'

/** A broker that goes away and comes back. */
export const restartScenarios: readonly Scenario[] = [
  {
    name: 'a restart of the broker in the middle of a handler loses no span, and afterwards all goes on',
    needs: ['restart'],
    alone: true,
    varies: 'The broker decides whether the message of the broken connection is delivered again.',
    async run(stage) {
      const client = await stage.client()
      const destination = await stage.destination()
      const [working, restarted] = [deferred(), deferred()]
      const calls = await stage.handle(client, destination, ({ body }) => {
        if (body !== 'during') return undefined
        working.resolve()
        return restarted.promise
      })
      await stage.send(client, destination, 'before')
      await calls.ended(1)
      await stage.send(client, destination, 'during')
      await working.promise
      await stage.fixture.restart()
      restarted.resolve()
      await stage.send(client, destination, 'after')

      await stage.recorder.until(
        (spans) => {
          const call = calls.all.find(({ body }) => body === 'after')
          return call !== undefined && spans.some(({ spanId }) => spanId === call.active?.spanId)
        },
        { timeout: stage.fixture.patience, describe: 'the message sent after the restart' },
      )
      // Whether the message of the broken time comes again is the broker's business.
      const attempts = await calls.ended(calls.all.length)
      expect(new Set(attempts.map(({ body }) => body))).toEqual(new Set(['before', 'during', 'after']))
      for (const attempt of attempts) {
        assertSpan(attempt.span, { parent: contextOn(attempt), links: { creation: [contextOn(attempt)] } })
      }
    },
  },
]
