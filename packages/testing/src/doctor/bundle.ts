import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** What a bundle has of each client: the name of a file, where it is not minified, or a text that stays. */
const MARKS: Readonly<Record<string, RegExp>> = {
  kafkajs: /node_modules\/kafkajs\/|KafkaJSNumberOfRetriesExceeded/,
  amqplib: /node_modules\/amqplib\/|amqp-node\.github\.io\/amqplib/,
  '@aws-sdk/client-sqs': /node_modules\/@aws-sdk\/client-sqs\/|AmazonSQS\b/,
  bullmq: /node_modules\/bullmq\/|bullmq:addJob|moveToFinished-\d/,
}

/** What our plugin adds to a client. */
const PLUGIN = /tracebaton\.instrumentation\.patch\.\d/

/** The smallest of the clients alone is larger, in a minified bundle. */
const LEAST = 50_000
/** Of a larger file only the beginning is read. */
const MOST = 32 * 1024 * 1024

/** The clients in a program that is one file, and whether our plugin was there when it was built. Never throws. */
export function bundleOf(program: string | undefined): { readonly clients: string[]; readonly plugged: boolean } {
  const text = program === undefined || /[\\/]node_modules[\\/]/.test(program) ? '' : startOf(program)
  const clients = Object.entries(MARKS).flatMap(([client, mark]) => (mark.test(text) ? [client] : []))
  return { clients, plugged: PLUGIN.test(text) }
}

function startOf(file: string): string {
  let open: number | undefined
  try {
    open = openSync(file, 'r')
    const { size } = fstatSync(open)
    if (size < LEAST) return ''
    const buffer = Buffer.alloc(Math.min(size, MOST))
    return buffer.toString('latin1', 0, readSync(open, buffer, 0, buffer.length, 0))
  } catch {
    return ''
  } finally {
    if (open !== undefined) closeSync(open)
  }
}
