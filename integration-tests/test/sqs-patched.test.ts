import { inject } from 'vitest'
import { sqsCapabilities } from '../src/adapters/sqs-capabilities.ts'
import { createSqsFixture } from '../src/adapters/sqs.ts'
import { ownFixture } from '../src/adapters/own-broker.ts'
import { patchedContract } from '../src/adapters/patched-contract.ts'
import { givenAddress } from '../src/broker-names.ts'
import { sqs } from '../src/brokers.ts'

const create = (address: string, restart?: () => Promise<void>) => createSqsFixture(address, restart, undefined, true)

patchedContract(
  'sqs',
  (alone) => (alone ? ownFixture(sqs, create) : create(inject('brokers').sqs)),
  sqsCapabilities,
  givenAddress('sqs') !== undefined,
)
