import { inject } from 'vitest'
import { createAmqpFixture } from '../src/adapters/amqp.ts'
import { amqpCapabilities } from '../src/adapters/amqp-capabilities.ts'
import { givenAddress } from '../src/broker-names.ts'
import { rabbitmq } from '../src/brokers.ts'
import { contract } from '../src/contract.ts'
import { missing } from '../src/contract/capability.ts'
import { ownFixture } from '../src/adapters/own-broker.ts'

contract(
  'amqp',
  (alone) => (alone ? ownFixture(rabbitmq, createAmqpFixture) : createAmqpFixture(inject('brokers').rabbitmq)),
  { ...amqpCapabilities, ...(givenAddress('rabbitmq') && { restart: missing('the broker was given by its address') }) },
)
