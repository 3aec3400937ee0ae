import { createRequire } from 'node:module'
import type { Message } from 'kafkajs'

type Encoded = { size(): number }
type EncodeRecord = (message: object) => Encoded
type EncodeBatch = (batch: { readonly records: readonly Encoded[]; readonly compression: number }) => Promise<Encoded>

const require = createRequire(import.meta.url)
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as EncodeRecord
const encodeBatch = (require('kafkajs/src/protocol/recordBatch/v0/index.js') as { RecordBatch: EncodeBatch })
  .RecordBatch

/** Bytes of a batch as the client writes it. */
export async function written(messages: readonly Message[], headers: object = {}): Promise<number> {
  const records = messages.map((message, offsetDelta) =>
    encodeRecord({
      ...message,
      headers: { ...message.headers, ...headers },
      offsetDelta,
      timestampDelta: Number(message.timestamp ?? 0) - Number(messages[0]?.timestamp ?? 0),
    }),
  )
  return (await encodeBatch({ records, compression: 0 })).size()
}
