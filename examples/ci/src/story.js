import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { traceSqs } from '@tracebaton/sqs'
import { createRecorder, strip, tamperingMiddleware } from '@tracebaton/testing'
import { otlpJsonLines } from '@tracebaton/testing/otlp'
import { html } from '@tracebaton/testing/pictures'
import { createSqsServer } from 'local-aws-sqs'

/** Where pictures of stories that failed are kept; CI uploads them. */
const PICTURES = process.env.PICTURES ?? 'pictures'

/**
 * @typedef {object} Scene
 * @property {SQSClient} shop
 * @property {SQSClient} billing
 * @property {string} orders
 * @property {import('@tracebaton/testing').Recorder} recorder
 * @property {(work: (closing: AbortSignal) => Promise<void>) => void} start Starts a service, which ends with the story.
 */

/**
 * Plays a story on a queue of its own, with one recorder for both services. When it fails, what was recorded is kept as
 * a page to look at and as OTLP lines.
 *
 * @param {string} name
 * @param {(scene: Scene) => Promise<void>} play
 */
export async function story(name, play) {
  const recorder = createRecorder()
  const closing = new AbortController()
  const services = []
  const server = await createSqsServer({ port: 0, hostname: '127.0.0.1', emulateQueueCreationLifecycle: false })
  if (!server.listening) await once(server, 'listening')
  const client = () => {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    return new SQSClient({ endpoint: `http://127.0.0.1:${server.address().port}`, region: 'us-east-1', credentials })
  }
  const providers = ['shop', 'billing'].map(
    (service) =>
      new NodeTracerProvider({
        resource: resourceFromAttributes({ 'service.name': service }),
        spanProcessors: [recorder],
      }),
  )
  providers[0].register()
  const [shop, billing] = providers.map((tracerProvider) =>
    traceSqs(client(), { tracerProvider, legacyAttributeNames: true }),
  )
  // To see what a failure looks like: something between the shop and the queue that takes the context off.
  if (process.env.BREAK) shop.middlewareStack.add(tamperingMiddleware(strip()), { step: 'initialize', priority: 'low' })
  try {
    const { QueueUrl: orders } = await client().send(new CreateQueueCommand({ QueueName: 'orders' }))
    await play({ shop, billing, orders, recorder, start: (work) => void services.push(work(closing.signal)) })
  } catch (error) {
    await keep(name, [...recorder.spans, ...recorder.open])
    throw error
  } finally {
    closing.abort()
    await Promise.all(services)
    await Promise.all(providers.map((provider) => provider.shutdown()))
    server.closeAllConnections()
    server.close()
  }
}

async function keep(name, spans) {
  await mkdir(PICTURES, { recursive: true })
  await writeFile(`${PICTURES}/${name}.html`, html(spans, { title: name }))
  await writeFile(`${PICTURES}/${name}.jsonl`, otlpJsonLines(spans))
}
