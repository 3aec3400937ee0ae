import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import { createSqsServer } from 'local-aws-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = new URL('../../../', import.meta.url)

let server: Server
let environment: NodeJS.ProcessEnv

beforeAll(async () => {
  server = await createSqsServer({ port: 0, hostname: '127.0.0.1', emulateQueueCreationLifecycle: false })
  const address = server.address()
  const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`
  environment = {
    ...process.env,
    AWS_ENDPOINT_URL_SQS: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'readme',
    AWS_SECRET_ACCESS_KEY: 'readme',
  }
  const credentials = { accessKeyId: 'readme', secretAccessKey: 'readme' }
  const sqs = new SQSClient({ endpoint, region: 'us-east-1', credentials })
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'readme' }))
  environment['QUEUE_URL'] = QueueUrl
  sqs.destroy()
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

test('the example of the README runs, ends by itself, and its message arrives within the trace that sent it', async () => {
  const readme = await readFile(new URL('README.md', root), 'utf8')
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? ''

  const { output, code } = await run(example)

  expect(output).toContain('handling order 1042')
  expect(code).toBe(0)
  const [send, process] = ['send readme', 'process readme'].map((name) => {
    const span = output.split(/^}$/m).find((text) => text.includes(`name: '${name}'`)) ?? ''
    return {
      traceId: /^ {2}traceId: '(\w+)'/m.exec(span)?.[1],
      id: /^ {2}id: '(\w+)'/m.exec(span)?.[1],
      parent: /parentSpanContext: \{.*?spanId: '(\w+)'/s.exec(span)?.[1],
    }
  })
  expect(send?.id).toMatch(/^\w{16}$/)
  expect(process).toMatchObject({ traceId: send?.traceId, parent: send?.id })
})

async function run(program: string): Promise<{ output: string; code: unknown }> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: fileURLToPath(root),
    env: environment,
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [code] = (await once(child, 'close')) as [unknown]
  return { output, code }
}
