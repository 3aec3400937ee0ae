import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { diagnoseFiles } from '../../src/doctor/files.ts'
import { projectWith } from './project.ts'

const api = 'node_modules/@opentelemetry/api'

test('one version of the API and clients of the tested ranges are well', async () => {
  const folder = await projectWith({ [api]: '1.9.1', 'node_modules/kafkajs': '2.2.4', 'node_modules/bullmq': '6.7.0' })
  expect(diagnoseFiles(folder)).toEqual([
    { id: 'api-copies', state: 'well', finding: 'All code uses @opentelemetry/api 1.9.1.' },
    { id: 'client-version', state: 'well', finding: 'bullmq 6.7.0 is within the tested range >=5.41.6 <7.' },
    { id: 'client-version', state: 'well', finding: 'kafkajs 2.2.4 is within the tested range >=2.0.0 <3.' },
  ])
})

test('no API is ill', async () => {
  expect(diagnoseFiles(await projectWith({}))).toMatchObject([
    { id: 'api-copies', state: 'ill', finding: expect.stringContaining('not installed') },
  ])
})

test('a second version of the API is doubtful, wherever it hides', async () => {
  const places = [
    `node_modules/express/${api}`,
    `node_modules/@scope/kit/node_modules/deep/${api}`,
    'node_modules/.pnpm/kit@1.0.0/node_modules/@opentelemetry/api',
  ]
  for (const place of places) {
    const folder = await projectWith({ [api]: '1.9.1', [place]: '1.8.0' })
    if (place.includes('.pnpm')) {
      await writeFile(join(folder, 'node_modules/.pnpm/kit@1.0.0/node_modules/x'), '')
      const kit = join(folder, 'node_modules/.pnpm/kit@1.0.0/node_modules/kit')
      await mkdir(kit)
      await symlink(kit, join(folder, 'node_modules/kit'))
    }
    const [copies] = diagnoseFiles(folder)
    expect(copies).toMatchObject({ id: 'api-copies', state: 'doubtful' })
    expect(copies?.finding).toBe(`There are 2 versions of @opentelemetry/api: 1.9.1 in ${api}, 1.8.0 in ${place}.`)
  }
})

test('the same version twice is one', async () => {
  const folder = await projectWith({ [api]: '1.9.1', [`node_modules/express/${api}`]: '1.9.1' })
  expect(diagnoseFiles(folder)).toMatchObject([{ id: 'api-copies', state: 'well' }])
})

test('packages of the folders above are seen, as in a monorepo', async () => {
  const folder = await projectWith({ [api]: '1.9.1', 'packages/shop/node_modules/amqplib': '0.9.1' })
  expect(diagnoseFiles(join(folder, 'packages/shop'))).toMatchObject([
    { state: 'well' },
    { state: 'doubtful', finding: 'amqplib 0.9.1 is outside of the tested range >=0.10.0 <3.' },
  ])
})

test('an official instrumentation is doubtful beside the adapter for the same client only', async () => {
  const both = {
    [api]: '1.9.1',
    'node_modules/amqplib': '2.3.1',
    'node_modules/kafkajs': '2.2.4',
    'node_modules/@opentelemetry/instrumentation-amqplib': '0.70.0',
    'node_modules/@opentelemetry/instrumentation-kafkajs': '0.32.0',
    'node_modules/@tracebaton/kafka': '0.1.0',
  }
  const found = diagnoseFiles(await projectWith(both)).filter(({ id }) => id === 'instrumentation')
  expect(found).toMatchObject([{ state: 'doubtful', advice: expect.stringContaining('instrumentation-kafkajs') }])
})

test('an official instrumentation is nothing to say where its client is not installed', async () => {
  const both = {
    'node_modules/@opentelemetry/instrumentation-kafkajs': '0.32.0',
    'node_modules/@tracebaton/kafka': '0.1.0',
  }
  expect(diagnoseFiles(await projectWith(both)).filter(({ id }) => id === 'instrumentation')).toEqual([])
})
