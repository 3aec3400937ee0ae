import { inject } from 'vitest'
import { createSqsFixture } from '../src/adapters/sqs.ts'
import { sqsCapabilities } from '../src/adapters/sqs-capabilities.ts'
import { givenAddress } from '../src/broker-names.ts'
import { sqs } from '../src/brokers.ts'
import { contract } from '../src/contract.ts'
import { missing } from '../src/contract/capability.ts'
import { ownFixture } from '../src/adapters/own-broker.ts'

contract('sqs', (alone) => (alone ? ownFixture(sqs, createSqsFixture) : createSqsFixture(inject('brokers').sqs)), {
  ...sqsCapabilities,
  ...(givenAddress('sqs') && { restart: missing('the broker was given by its address') }),
})
