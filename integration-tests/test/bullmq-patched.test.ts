import { inject } from 'vitest'
import { bullmqCapabilities } from '../src/adapters/bullmq-capabilities.ts'
import { createBullmqFixture } from '../src/adapters/bullmq.ts'
import { ownFixture } from '../src/adapters/own-broker.ts'
import { patchedContract } from '../src/adapters/patched-contract.ts'
import { givenAddress } from '../src/broker-names.ts'
import { redis } from '../src/brokers.ts'

const create = (address: string, restart?: () => Promise<void>) =>
  createBullmqFixture(address, true, restart, undefined, true)

patchedContract(
  'bullmq',
  (alone) => (alone ? ownFixture(redis, create) : create(inject('brokers').redis)),
  bullmqCapabilities,
  givenAddress('redis') !== undefined,
)
