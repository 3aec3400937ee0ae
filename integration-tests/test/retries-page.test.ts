import { readFileSync, writeFileSync } from 'node:fs'
import { expect, inject, test } from 'vitest'
import { createAmqpFixture } from '../src/adapters/amqp.ts'
import { createBullmqFixture } from '../src/adapters/bullmq.ts'
import { createKafkaFixture } from '../src/adapters/kafka.ts'
import { createSqsFixture } from '../src/adapters/sqs.ts'
import type { Fixture } from '../src/contract/fixture.ts'
import { drawPath, PATHS, shapeOf } from '../src/retry-pictures.ts'

const PAGE = new URL('../../docs/retries-and-dead-letters.md', import.meta.url)

/** Writes the pictures of this run into the page, instead of comparing them. */
const WRITE = process.env['TRACEBATON_WRITE_PICTURES'] === '1'

const brokers: readonly (readonly ['kafka' | 'rabbitmq' | 'sqs' | 'redis', (address: string) => Promise<Fixture>])[] = [
  ['kafka', createKafkaFixture],
  ['rabbitmq', createAmqpFixture],
  ['sqs', createSqsFixture],
  ['redis', (address) => createBullmqFixture(address, true)],
]
const paths = Object.keys(PATHS) as (keyof typeof PATHS)[]

test.each(brokers.flatMap(([broker, create]) => paths.map((path) => [broker, path, create] as const)))(
  'the documentation shows what happens on %s to a message that is %s',
  async (broker, path, create) => {
    await using fixture = await create(inject('brokers')[broker])
    const picture = await drawPath(fixture, path)
    const place = new RegExp(`(<!-- picture: ${broker} ${path} -->\n\n\`\`\`text\n)([^\`]*)(\`\`\`)`)
    const page = readFileSync(PAGE, 'utf8')
    const shown = WRITE ? picture : (place.exec(page)?.[2] ?? '')
    if (WRITE)
      writeFileSync(
        PAGE,
        page.replace(place, (_, before, __, after) => `${before}${picture.trimEnd()}\n${after}`),
      )
    expect(shapeOf(shown)).toBe(shapeOf(picture))
  },
)
