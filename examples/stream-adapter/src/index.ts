export { createStreams, type Message, type MessageHeaders, type StreamClient, type StreamMessage } from './client.ts'
export { attemptOf, forEachMessage, traceHandler } from './consumer.ts'
export { deadLetter, redrive, retryLater } from './dead-letter.ts'
export { traceStreams } from './trace.ts'
