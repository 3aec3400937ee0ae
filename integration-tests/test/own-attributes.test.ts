import { randomBytes } from 'node:crypto'
import { assertSpans, type RecordedSpan } from '@tracebaton/testing'
import { expect, inject, test } from 'vitest'
import { exampleOf, runProgram } from '../src/readme-program.ts'

/** Sends an order and buries it. Says when the dead letter has been handled, and waits to be asked to end. */
const driver = (orders: string): string => `
import { deadLetter } from '@tracebaton/kafka'
const [producer, consumer, admin] = [kafka.producer(), kafka.consumer({ groupId: '${orders}' }), kafka.admin()]
await Promise.all([producer, consumer, admin].map((one) => one.connect()))
await admin.createTopics({ topics: ['${orders}', '${orders}-dead'].map((topic) => ({ topic })), waitForLeaders: true })
await withOrder('1042', () => producer.send({ topic: '${orders}', messages: [{ value: 'order' }] }))
await consumer.subscribe({ topics: ['${orders}', '${orders}-dead'], fromBeginning: true })
await new Promise<void>((resolve, reject) => {
  const eachMessage = async (payload: import('kafkajs').EachMessagePayload) => {
    if (payload.topic === '${orders}') await deadLetter(producer, payload, { to: '${orders}-dead' })
    else resolve()
  }
  consumer.run({ eachMessage }).catch(reject)
})
const asked = new Promise((resolve) => process.once('SIGTERM', resolve))
console.log('done')
await asked
await Promise.all([consumer, producer, admin].map((one) => one.disconnect()))
`

test('the example carries an order’s id to the dead letter', { timeout: 90_000 }, async () => {
  const orders = `orders${randomBytes(6).toString('hex')}`
  const example = await exampleOf('docs/in-your-backend.md', '## Your own attributes')
  const connected = example.replace('localhost:9092', inject('brokers').kafka)
  expect(connected).not.toBe(example)
  await using program = await runProgram(connected + driver(orders), true)
  await program.until('done')
  expect(await program.stop()).toBe(0)
  const said = program.lines.find(({ text }) => text.startsWith('spans '))?.text.slice('spans '.length)
  const spans = JSON.parse(said ?? '[]') as readonly RecordedSpan[]
  const names = ['process orders', 'process orders-dead', 'send orders', 'send orders-dead']
  expect(spans.map(({ name }) => name.replaceAll(orders, 'orders')).toSorted()).toEqual(names)
  assertSpans(
    spans,
    spans.map(() => ({ attributes: { 'order.id': '1042' } })),
  )
})
