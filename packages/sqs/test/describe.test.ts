import { expect, test } from 'vitest'
import { queueOfUrl } from '../src/describe.ts'

test.each([
  ['https://sqs.eu-west-1.amazonaws.com/123456789012/orders', 'eu-west-1', '123456789012'],
  ['https://sqs.us-gov-west-1.amazonaws.com/123456789012/orders.fifo', 'us-gov-west-1', '123456789012'],
  ['https://eu-west-1.queue.amazonaws.com/123456789012/orders', 'eu-west-1', '123456789012'],
  ['https://vpce-1a-2b.sqs.cn-north-1.vpce.amazonaws.com.cn/123456789012/orders', 'cn-north-1', '123456789012'],
  ['https://queue.amazonaws.com/123456789012/orders', undefined, '123456789012'],
  ['http://shop-localstack-1:4566/000000000000/orders', undefined, '000000000000'],
  ['http://localhost:9324/queue/orders', undefined, undefined],
  [undefined, undefined, undefined],
])('the queue %s is in region %s, of account %s', (url, ...broker) => {
  expect(queueOfUrl(url).broker).toEqual(broker)
})
