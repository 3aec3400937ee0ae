import { inject } from 'vitest'
import { createBullmqFixture } from '../src/adapters/bullmq.ts'
import { bullmqCapabilities, bullmqTelemetryCapabilities } from '../src/adapters/bullmq-capabilities.ts'
import { ownFixture } from '../src/adapters/own-broker.ts'
import { givenAddress } from '../src/broker-names.ts'
import { redis } from '../src/brokers.ts'
import { contract } from '../src/contract.ts'
import { missing } from '../src/contract/capability.ts'
import type { Setup } from '../src/contract/fixture.ts'

const setup =
  (wrapped: boolean): Setup =>
  (alone) =>
    alone
      ? ownFixture(redis, (address, restart) => createBullmqFixture(address, wrapped, restart))
      : createBullmqFixture(inject('brokers').redis, wrapped)

const restart = givenAddress('redis') && { restart: missing('the broker was given by its address') }

contract('bullmq', setup(true), { ...bullmqCapabilities, ...restart })
contract('bullmq, telemetry alone', setup(false), { ...bullmqTelemetryCapabilities, ...restart })
