import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import type * as sqsClient from '@aws-sdk/client-sqs'
import type * as sqsAdapter from '@tracebaton/sqs'
import type * as amqplib from 'amqplib'
import type * as bullmq from 'bullmq'
import type * as kafkajs from 'kafkajs'
import { afterAll, expect, inject, test } from 'vitest'
import { amqpCapabilities } from '../src/adapters/amqp-capabilities.ts'
import { comesBack } from '../src/adapters/amqp-comes-back.ts'
import { createAmqpFixture } from '../src/adapters/amqp.ts'
import { bullmqCapabilities, bullmqTelemetryCapabilities } from '../src/adapters/bullmq-capabilities.ts'
import { createBullmqFixture } from '../src/adapters/bullmq.ts'
import { adapterBeside, loadClient, versionOf, type OtherClient } from '../src/adapters/client.ts'
import { kafkaCapabilities } from '../src/adapters/kafka-capabilities.ts'
import { createKafkaFixture } from '../src/adapters/kafka.ts'
import { ownFixture } from '../src/adapters/own-broker.ts'
import { sqsCapabilities } from '../src/adapters/sqs-capabilities.ts'
import { createSqsFixture } from '../src/adapters/sqs.ts'
import { givenAddress } from '../src/broker-names.ts'
import { kafka, rabbitmq, redis, sqs } from '../src/brokers.ts'
import { contract, scenarios, type Replay } from '../src/contract.ts'
import { missing, type Capabilities } from '../src/contract/capability.ts'
import type { Fixture } from '../src/contract/fixture.ts'
import { root } from '../src/packed.ts'
import { TEN } from '../src/ten-scenarios.ts'

/** A folder where the newest clients are installed: then these play the suite as well, and all play all of it. */
const newest = process.env['TRACEBATON_VERSIONS']

test('the ten scenarios exist', () => {
  expect([...TEN].filter((name) => !scenarios.some((scenario) => scenario.name === name))).toEqual([])
})

const here = import.meta.filename

/** What is played for each client: its oldest version, under the name that it is installed by, and the newest. */
async function versionsOf<Module>(name: string): Promise<readonly OtherClient<Module>[]> {
  const own = `${name.replace(/^@[^/]+\//, '')}-oldest`
  const old = await loadClient<Module>(name, own, here)
  return newest === undefined ? [old] : [old, await loadClient<Module>(name, name, join(newest, sep))]
}

function titleOf(client: OtherClient<unknown>): string {
  return `${client.replaces[0]} ${versionOf(client)}`
}

const replay = (golden: string, words?: Replay['words']): Replay => ({
  golden,
  only: newest === undefined ? TEN : undefined,
  words,
})

const onBroker = (name: Parameters<typeof givenAddress>[0], capabilities: Capabilities): Capabilities => ({
  ...capabilities,
  ...(givenAddress(name) && { restart: missing('the broker was given by its address') }),
})

type Create = (address: string, restart?: () => Promise<void>) => Promise<Fixture>

for (const client of await versionsOf<typeof kafkajs>('kafkajs')) {
  const create: Create = (address, restart) => createKafkaFixture(address, restart, client)
  contract(
    titleOf(client),
    (alone) => (alone ? ownFixture(kafka, create) : create(inject('brokers').kafka)),
    onBroker('kafka', kafkaCapabilities),
    replay('kafka'),
  )
}

for (const loaded of await versionsOf<typeof amqplib>('amqplib')) {
  // Connections that come back by themselves came with version 2.
  const { connect } = loaded.module
  const module = { connect: Number.parseInt(versionOf(loaded), 10) < 2 ? comesBack(connect) : connect }
  const client: OtherClient<typeof module> = { ...loaded, module }
  const create: Create = (address, restart) => createAmqpFixture(address, restart, client)
  contract(
    titleOf(loaded),
    (alone) => (alone ? ownFixture(rabbitmq, create) : create(inject('brokers').rabbitmq)),
    onBroker('rabbitmq', amqpCapabilities),
    replay('amqp'),
  )
}

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

for (const loaded of await versionsOf<typeof sqsClient>('@aws-sdk/client-sqs')) {
  // The adapter makes commands, which have to be of the client's own version.
  const folder = await mkdtemp(join(tmpdir(), 'tracebaton-sqs-'))
  folders.push(folder)
  const client = { ...loaded, adapter: await adapterBeside<typeof sqsAdapter>('sqs', loaded, folder) }
  const create: Create = (address, restart) => createSqsFixture(address, restart, client)
  contract(
    titleOf(loaded),
    (alone) => (alone ? ownFixture(sqs, create) : create(inject('brokers').sqs)),
    onBroker('sqs', sqsCapabilities),
    // Before 3.447 it spoke another protocol, which has other names for these errors.
    replay('sqs', {
      'AWS.SimpleQueueService.NonExistentQueue': 'QueueDoesNotExist',
      MissingParameter: 'SyntaxError',
    }),
  )
}

for (const client of await versionsOf<typeof bullmq>('bullmq')) {
  for (const wrapped of newest === undefined ? [true] : [true, false]) {
    const create: Create = (address, restart) => createBullmqFixture(address, wrapped, restart, client)
    contract(
      wrapped ? titleOf(client) : `${titleOf(client)}, telemetry alone`,
      (alone) => (alone ? ownFixture(redis, create) : create(inject('brokers').redis)),
      onBroker('redis', wrapped ? bullmqCapabilities : bullmqTelemetryCapabilities),
      replay(wrapped ? 'bullmq' : 'bullmq, telemetry alone'),
    )
  }
}

test('the oldest clients are the first that the adapters take', () => {
  const { dependencies } = manifestOf('integration-tests')
  const oldest = Object.entries(dependencies ?? {}).flatMap(([name, version]) =>
    name.endsWith('-oldest') ? [version.replace('npm:', '')] : [],
  )
  const peers = ['amqp', 'bullmq', 'kafka', 'sqs'].flatMap((name) =>
    Object.entries(manifestOf(`packages/${name}`).peerDependencies ?? {})
      .filter(([peer]) => !peer.startsWith('@opentelemetry/'))
      .map(([peer, range]) => `${peer}@${/^>=(\S+) </.exec(range)?.[1]}`),
  )
  expect(oldest.toSorted()).toEqual(peers.toSorted())
})

type Manifest = Readonly<Record<'dependencies' | 'peerDependencies', Readonly<Record<string, string>> | undefined>>

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
}
