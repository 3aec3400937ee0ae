import { inject } from 'vitest'
import { kafkaCapabilities } from '../src/adapters/kafka-capabilities.ts'
import { createKafkaFixture } from '../src/adapters/kafka.ts'
import { ownFixture } from '../src/adapters/own-broker.ts'
import { patchedContract } from '../src/adapters/patched-contract.ts'
import { givenAddress } from '../src/broker-names.ts'
import { kafka } from '../src/brokers.ts'

const create = (address: string, restart?: () => Promise<void>) => createKafkaFixture(address, restart, undefined, true)

patchedContract(
  'kafka',
  (alone) => (alone ? ownFixture(kafka, create) : create(inject('brokers').kafka)),
  kafkaCapabilities,
  givenAddress('kafka') !== undefined,
)
