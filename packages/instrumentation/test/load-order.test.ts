import { join } from 'node:path'
import { expect, it } from 'vitest'
import { KafkaJsInstrumentation } from '../src/index.ts'
import { installer } from './installed.ts'
import { recorded, warnings, withContexts } from './sdk.ts'

withContexts()
const install = installer()

it('an instrumentation says which files were loaded before it', () => {
  const said = warnings()
  const { folder, require } = install()
  expect(require('kafkajs')).toHaveProperty('Kafka')
  recorded(new KafkaJsInstrumentation())
  expect(said).toEqual([expect.stringContaining(join(folder, 'node_modules/kafkajs/index.js'))])
  expect(said).toEqual([expect.stringContaining('node --import')])
})
