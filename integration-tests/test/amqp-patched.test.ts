import { inject } from 'vitest'
import { amqpCapabilities } from '../src/adapters/amqp-capabilities.ts'
import { createAmqpFixture } from '../src/adapters/amqp.ts'
import { ownFixture } from '../src/adapters/own-broker.ts'
import { patchedContract } from '../src/adapters/patched-contract.ts'
import { givenAddress } from '../src/broker-names.ts'
import { rabbitmq } from '../src/brokers.ts'

const create = (address: string, restart?: () => Promise<void>) => createAmqpFixture(address, restart, undefined, true)

patchedContract(
  'amqp',
  (alone) => (alone ? ownFixture(rabbitmq, create) : create(inject('brokers').rabbitmq)),
  amqpCapabilities,
  givenAddress('rabbitmq') !== undefined,
)
