import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { createFeed } from '../../src/watch/feed.ts'
import type { Change } from '../../src/watch/protocol.ts'

const counts = { limit: 1, dropped: 0, spans: 0, problems: 0 }
const change = (reset: boolean): Change => ({ reset, journeys: [], gone: [], counts })

/** A page whose connection takes as much as a test says. */
class Reader extends EventEmitter {
  writableLength = 0
  ended = false
  readonly events: Change[] = []
  writeHead(): void {}
  write(text: string): void {
    if (text.startsWith('data: ')) this.events.push(JSON.parse(text.slice(6)) as Change)
  }
  end(): void {
    this.ended = true
  }
}

const join = (feed: ReturnType<typeof createFeed>, reader: Reader): boolean =>
  feed.add(reader as unknown as ServerResponse)
const resets = ({ events }: Reader): boolean[] => events.map(({ reset }) => reset)

test('a page that takes nothing keeps nothing waiting, and is told everything once it has caught up', () => {
  const feed = createFeed(() => change(true))
  const [slow, quick] = [new Reader(), new Reader()]
  for (const reader of [slow, quick]) join(feed, reader)
  slow.writableLength = 2 * 1024 * 1024
  feed.tell(change(false))
  feed.tell(change(false))
  expect([resets(slow), resets(quick)]).toEqual([[true], [true, false, false]])
  slow.writableLength = 0
  slow.emit('drain')
  feed.tell(change(false))
  expect(resets(slow)).toEqual([true, true, false])
})

test('a page that has gone makes room for another one', () => {
  const feed = createFeed(() => change(true))
  const readers = Array.from({ length: 16 }, () => new Reader())
  for (const reader of readers) expect(join(feed, reader)).toBe(true)
  expect(join(feed, new Reader())).toBe(false)
  readers[0]?.emit('close')
  expect(join(feed, new Reader())).toBe(true)
  feed.close()
  expect(readers.map(({ ended }) => ended)).toEqual(readers.map((_, index) => index > 0))
})
