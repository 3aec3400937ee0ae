import { inject } from 'vitest'
import { createKafkaFixture } from '../src/adapters/kafka.ts'
import { kafkaCapabilities } from '../src/adapters/kafka-capabilities.ts'
import { givenAddress } from '../src/broker-names.ts'
import { kafka } from '../src/brokers.ts'
import { contract } from '../src/contract.ts'
import { missing } from '../src/contract/capability.ts'
import { ownFixture } from '../src/adapters/own-broker.ts'

contract(
  'kafka',
  (alone) => (alone ? ownFixture(kafka, createKafkaFixture) : createKafkaFixture(inject('brokers').kafka)),
  { ...kafkaCapabilities, ...(givenAddress('kafka') && { restart: missing('the broker was given by its address') }) },
)
