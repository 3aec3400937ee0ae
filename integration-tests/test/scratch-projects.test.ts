import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBrokers, type BrokerName, type Brokers } from '../src/brokers.ts'
import type { KeptFolder } from '../src/kept-folder.ts'
import { takeProject } from '../src/kept-project.ts'
import { run } from '../src/packed.ts'

// Nothing is configured, so that each runner gives a test the time that it gives by default, and shows what it shows.
const runners = {
  Vitest: {
    file: 'vitest/propagation.test.mjs',
    words: ['node_modules/vitest/vitest.mjs', 'run', '--dir', 'vitest'],
    frame: (line: number) => new RegExp(` ${line}\\| .*recorder\\.until.*\\n +\\| +\\^\\n`),
  },
  Jest: {
    file: 'jest/propagation.test.js',
    words: ['node_modules/jest/bin/jest.js', '--ci', '--watchman=false', '--roots', 'jest'],
    frame: (line: number) => new RegExp(`> ${line} \\| +await recorder\\.until.*\\n +\\| +\\^\\n`),
  },
  'node:test': {
    file: 'node-test/propagation.test.mjs',
    words: ['--test', 'node-test/propagation.test.mjs'],
    frame: (line: number) => new RegExp(`propagation\\.test\\.mjs:${line}:\\d+`),
  },
} as const

const shops = { kafka: 'kafka', amqp: 'rabbitmq', sqs: 'sqs', bullmq: 'redis' } as const
const packages = [...Object.keys(shops), 'core', 'testing']

let kept: KeptFolder | undefined
let brokers: Brokers<(typeof shops)[keyof typeof shops] & BrokerName> | undefined

beforeAll(async () => {
  ;[kept, brokers] = await Promise.all([takeProject('scratch', packages, say), startBrokers(Object.values(shops))])
}, 240_000)

afterAll(() => Promise.all([kept?.keep(), brokers?.[Symbol.asyncDispose]()]))

/** Runs the test of a user. Resolves with what is printed, also if the test fails. */
async function said(words: readonly string[], shop: keyof typeof shops, broken: boolean): Promise<string> {
  const given = [
    `SHOP=${shop}`,
    `BROKER=${brokers?.[shops[shop]].address}`,
    'NO_COLOR=1',
    ...(broken ? ['BREAK=1'] : []),
  ]
  const ran = run(kept?.path ?? '', 60_000, 'env', [...given, process.execPath, ...words])
  const text = await ran.then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: unknown) => String(error),
  )
  return stripVTControlCharacters(text)
}

describe.each(Object.entries(runners))('%s', (_, { file, words, frame }) => {
  const lines = async (): Promise<string[]> => (await readFile(join(kept?.path ?? '', file), 'utf8')).split('\n')

  test('needs fewer than 25 lines', async () => {
    expect((await lines()).length).toBeLessThan(25)
  })

  describe.each(Object.keys(shops) as (keyof typeof shops)[])('over %s', (shop) => {
    test('shows that an order keeps its trace', async () => {
      expect(await said(words, shop, false)).toMatch(/\b1 passed|\bpass 1\b/)
    })

    test('says what is broken, on which side, and where in the test it was awaited', async () => {
      const text = await said(words, shop, true)
      expect(text).toMatch(/process orders-\S+ is not connected to \w+ orders-\S+: header absent on the wire/)
      expect(text).toMatch(/hop +\w+ orders-\S+ \(shop\) → process orders-\S+ attempt 1 \(billing\)/)
      expect(text).toMatch(/side +producer, shop/)
      expect(text).toMatch(frame((await lines()).findIndex((line) => line.includes('recorder.until')) + 1))
      expect(text).not.toMatch(/timed out|Exceeded timeout/i)
      // Of an error that looks like one of node:assert, Jest shows the values that were compared, before what it says.
      expect(text).not.toContain('Expected value')
    })
  })
})

function say(what: string): void {
  console.log(`scratch projects: ${what}`)
}
