export { deadLetter, redrive, retryLater } from './dead-letter.ts'
export { forEachMessage, traceHandler } from './consumer.ts'
export { createQueues, type HeaderValue, type Message, type Queues, type ReceivedMessage } from './queues.ts'
export { traceQueues } from './trace.ts'
