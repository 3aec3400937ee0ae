import { expect, test } from 'vitest'
import { queueOfUrl } from '../src/describe.ts'

test.each([
  ['https://sqs.eu-west-1.amazonaws.com/123456789012/orders', 'orders'],
  ['https://sqs.us-gov-west-1.amazonaws.com/123456789012/orders.fifo', 'orders.fifo'],
  ['http://localhost:9324/queue/orders?a=/b', 'orders'],
  ['', undefined],
  [undefined, undefined],
])('the queue %s is called %s, and its address is the URL', (url, name) => {
  expect(queueOfUrl(url).destination).toEqual({ name, address: url })
})

test.each([
  ['https://user:hunter2@proxy.example/1/orders?X-Amz-Security-Token=tok#part', 'https://proxy.example/1/orders'],
  ['https://user@sqs.example/1/orders', 'https://sqs.example/1/orders'],
  ['https://sqs.example/1/orders', 'https://sqs.example/1/orders'],
])('of the URL %s no credentials are told', (url, told) => {
  const { facts, destination, id } = queueOfUrl(url)
  expect([facts.queueUrl, destination, id]).toEqual([told, { name: 'orders', address: url }, '1/orders'])
})
