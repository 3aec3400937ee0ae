import { describe, expect, it } from 'vitest'
import { KafkaJsInstrumentation } from '../src/index.ts'
import { patchModule } from '../src/patch.ts'
import type { HollowBullmq, HollowKafkajs } from './clients.ts'
import { installer } from './installed.ts'
import { recorded, withContexts } from './sdk.ts'

withContexts()
const install = installer()

describe('patchModule', () => {
  it('makes all instrumentations where there are none, and patches what was loaded before', () => {
    const { require } = install()
    const own = require('bullmq') as HollowBullmq
    const patched = patchModule('bullmq', own)
    for (const name of ['Queue', 'Worker', 'FlowProducer'] as const) {
      expect(Object.getPrototypeOf(patched[name])).toBe(own[name])
    }
    expect(patched.ChildProcessor).toBe(own.ChildProcessor)
  })

  it('has the module traced as the instrumentation says', async () => {
    const { names } = recorded(new KafkaJsInstrumentation())
    const { Kafka } = patchModule('kafkajs', install().require('kafkajs') as HollowKafkajs)
    await new Kafka({ brokers: [] }).producer().send({ topic: 'orders', messages: [{ value: 'one' }] })
    expect(names()).toEqual(['send orders'])
  })

  it('gives other exports as they are', () => {
    const exports = { other: 1 }
    expect(patchModule('kafkajs', exports)).toBe(exports)
  })
})
