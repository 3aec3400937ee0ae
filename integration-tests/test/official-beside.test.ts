import { copyFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RecordedSpan } from '@tracebaton/testing'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { only } from '../src/contract/expectations.ts'
import type { KeptFolder } from '../src/kept-folder.ts'
import { takeProject } from '../src/kept-project.ts'
import { NODE_MAJOR } from '../src/node.ts'
import { OFFICIAL, playBeside, PROGRAMS, type Beside, type Official } from '../src/official-beside.ts'
import { root } from '../src/packed.ts'

const officials = Object.keys(OFFICIAL) as Official[]
const both = officials.flatMap((official) => (['before', 'after'] as const).map((way) => [official, way] as const))

const isOurs = ({ scope }: RecordedSpan): boolean => scope.startsWith('@tracebaton/')
const isSend = ({ kind, name }: RecordedSpan): boolean => kind === 'producer' || name === 'SQS.SendMessage'
const isArrival = ({ kind, name }: RecordedSpan): boolean =>
  kind === 'consumer' || /^receive |ReceiveMessage$/.test(name)
const namesOf = ({ headers }: Beside): readonly string[] => Object.keys(headers).map((name) => name.toLowerCase())

/** SDK 3 runs on Node 22 and newer. */
const sdks = NODE_MAJOR < 22 ? ['SDK 2'] : ['SDK 2', 'SDK 3']

describe.each(sdks)('on %s', (sdk) => {
  let kept: KeptFolder | undefined
  let folder: string

  beforeAll(async () => {
    if (sdk === 'SDK 3') {
      kept = await takeProject('sdk-3', await readdir(join(root, 'packages')))
      await copyFile(join(PROGRAMS, 'official-beside.cjs'), join(kept.path, 'official-beside.cjs'))
    }
    folder = kept?.path ?? PROGRAMS
  }, 180_000)

  afterAll(() => kept?.keep())

  test.concurrent.each(officials)('ours in place of the official one of %s leaves one header', async (official) => {
    const played = await playBeside(official, 'in place', inject('brokers'), folder)
    const sent = only(played.spans.filter((span) => isOurs(span) && isSend(span)))
    expect(played.warnings).toEqual([])
    expect(played.headers['traceparent']).toBe(`00-${sent.traceId}-${sent.spanId}-01`)
    expect(namesOf(played).filter((name) => name === 'traceparent')).toHaveLength(1)
    expect(played.spans.filter((span) => isOurs(span) && isArrival(span))).toHaveLength(1)
    const others = played.spans.filter((span) => !isOurs(span))
    // Of the one for AWS a plain span of each call stays: it sends and receives nothing.
    expect(others.map(({ name }) => name)).toEqual(
      official === 'aws-sdk' ? ['SQS.CreateQueue', 'SQS.SendMessage', 'SQS.ReceiveMessage'] : [],
    )
  })

  test.concurrent.each(both)(
    'the official one of %s, %s ours, leaves one header, and a warning',
    async (official, way) => {
      const played = await playBeside(official, way, inject('brokers'), folder)
      const [ours, theirs] = [true, false].map((own) => {
        const spans = played.spans.filter((span) => isOurs(span) === own)
        expect(spans.filter(isArrival)).toHaveLength(1)
        return only(spans.filter((span) => isSend(span) || span.name.startsWith('send ')))
      })
      // Whoever is nearer to the wire writes the header: our middleware of the SQS client runs below the method that they patch.
      // Of what Kafka sends they write it first, and ours leaves a context that is on a message already.
      const wrote = official === 'aws-sdk' ? ours! : theirs!
      expect(namesOf(played).filter((name) => name === 'traceparent')).toHaveLength(1)
      expect(played.headers['traceparent']).toBe(`00-${wrote.traceId}-${wrote.spanId}-01`)
      expect(played.warnings).toEqual([
        expect.stringMatching(
          `^tracebaton: ${official} is also traced by another instrumentation: .*instrumentation-${official}'`,
        ),
      ])
    },
  )
})
