import { assertSpan, messageFacts } from '@tracebaton/testing'
import { expect } from 'vitest'
import { contextOn, only, operations } from '../expectations.ts'
import type { Scenario } from '../scenario.ts'

/** Several processes. */
export const processScenarios: readonly Scenario[] = [
  {
    name: 'a message from another process is handled below its send there',
    needs: ['separateProcesses'],
    async run(stage) {
      const destination = await stage.destination()
      const client = await stage.client()
      const { spans } = await stage.fixture.elsewhere({ act: 'send', destination, bodies: ['one', 'two'] })
      const attempts = await (await stage.handle(client, destination)).ended(2)
      expect(attempts.map(({ body }) => body).toSorted()).toEqual(['one', 'two'])
      const sends = operations(spans, 'send', destination)
      expect(sends).toHaveLength(2)
      for (const attempt of attempts) {
        const send = only(sends.filter(({ spanId }) => spanId === contextOn(attempt).spanId))
        assertSpan(attempt.span, { parent: send, remoteParent: true, links: { creation: [send] } })
      }
    },
  },
  {
    name: 'a message to another process is handled there below its send here',
    needs: ['separateProcesses'],
    async run(stage) {
      const destination = await stage.destination()
      const client = await stage.client()
      await stage.send(client, destination, 'one')
      await stage.send(client, destination, 'two')
      const { spans } = await stage.fixture.elsewhere({ act: 'handle', destination, count: 2, fail: false })
      const sends = operations(stage.recorder.spans, 'send', destination)
      const attempts = operations(spans, 'process', destination)
      expect(attempts).toHaveLength(2)
      for (const attempt of attempts) {
        const send = only(sends.filter(({ spanId }) => spanId === attempt.parentSpanId))
        assertSpan(attempt, { parent: send, links: { creation: [send] } })
      }
    },
  },
  {
    name: 'an attempt after one in another process is counted or assumed, never guessed',
    needs: ['separateProcesses', 'redelivery'],
    async run(stage) {
      const destination = await stage.destination()
      const client = await stage.client()
      await stage.send(client, destination, 'one')
      await stage.fixture.elsewhere({ act: 'handle', destination, count: 1, fail: true })
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      const counted = messageFacts(attempt!.span).attempt === 2
      assertSpan(attempt!.span, {
        attemptSource: counted ? 'broker' : 'assumed',
        previousAttempt: counted ? 'unknown' : undefined,
        links: { previous_attempt: [], creation: [contextOn(attempt!)] },
      })
    },
  },
  {
    name: 'an attempt after one in another process is counted by the broker, and the other one is unknown',
    needs: ['separateProcesses', 'redelivery', 'exactDeliveryCount'],
    async run(stage) {
      const destination = await stage.destination()
      const client = await stage.client()
      await stage.send(client, destination, 'one')
      const { spans } = await stage.fixture.elsewhere({ act: 'handle', destination, count: 1, fail: true })
      assertSpan(only(operations(spans, 'process', destination)), { attempt: 1 })
      const [attempt] = await (await stage.handle(client, destination)).ended(1)
      assertSpan(attempt!.span, {
        parent: contextOn(attempt!),
        links: { previous_attempt: [] },
        attributes: {
          'tracebaton.delivery.attempt': 2,
          'tracebaton.delivery.attempt_source': 'broker',
          'tracebaton.delivery.kind': 'redelivery',
          'tracebaton.previous_attempt': 'unknown',
        },
      })
    },
  },
]
