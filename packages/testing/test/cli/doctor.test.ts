import { expect, test } from 'vitest'
import { projectWith } from '../doctor/project.ts'
import { tracebaton } from './invoke.ts'

test('a well project is well, with a line for each thing that was looked at', async () => {
  const folder = await projectWith({ 'node_modules/@opentelemetry/api': '1.9.1', 'node_modules/kafkajs': '2.2.4' })
  expect(await tracebaton(['doctor', folder])).toEqual({
    code: 0,
    error: '',
    out: '✓ api-copies      All code uses @opentelemetry/api 1.9.1.\n✓ client-version  kafkajs 2.2.4 is within the tested range >=2.0.0 <3.\n',
  })
})

test('what is ill comes first, with advice, and decides the exit code; what is doubtful does not', async () => {
  const ill = await tracebaton(['doctor', await projectWith({ 'node_modules/kafkajs': '1.16.0' })])
  expect(ill.code).toBe(1)
  expect(ill.out).toBe(
    [
      '✗ api-copies      @opentelemetry/api is not installed: nothing can be traced.',
      '                  npm install @opentelemetry/api',
      '? client-version  kafkajs 1.16.0 is outside of the tested range >=2.0.0 <3.',
      '                  It may work; run your propagation tests, or install a version of the range.',
      '',
    ].join('\n'),
  )
  const doubtful = await projectWith({ 'node_modules/@opentelemetry/api': '1.9.1', 'node_modules/kafkajs': '1.16.0' })
  expect((await tracebaton(['doctor', doubtful])).code).toBe(0)
})

test('a round trip that cannot be made is ill, and says why without the password', async () => {
  const folder = await projectWith({ 'node_modules/@opentelemetry/api': '1.9.1' })
  const { code, out } = await tracebaton(['doctor', folder, '--round-trip', 'rabbitmq=amqp://user:hunter2@127.0.0.1:9'])
  expect(code).toBe(1)
  expect(out).toContain("rabbitmq at amqp://127.0.0.1:9: no round trip: Cannot find module 'amqplib'")
  expect(out).not.toContain('hunter2')
})

test.each([
  [['doctor', 'a', 'b'], 'One folder is enough'],
  [['doctor', '/not/there'], 'There is no folder /not/there'],
  [['doctor', import.meta.filename], `There is no folder ${import.meta.filename}`],
  [
    ['doctor', '--round-trip', 'nats=localhost'],
    '--round-trip needs one of kafka, rabbitmq, sqs, bullmq and an address',
  ],
  [['doctor', '--round-trip', 'kafka'], 'and an address'],
  [['doctor', '--timeout', 'soon'], '--timeout needs a whole number'],
])('%j is not understood, and the message says why', async (words, message) => {
  const { code, error } = await tracebaton(words)
  expect(error).toContain(message)
  expect(code).toBe(2)
})
