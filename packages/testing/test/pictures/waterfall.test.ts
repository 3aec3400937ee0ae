import { stripVTControlCharacters } from 'node:util'
import { afterEach, expect, test, vi } from 'vitest'
import { displayWidth } from '../../src/text/display-text.ts'
import type { RecordedSpan } from '../../src/spans/span.ts'
import { svg } from '../../src/pictures/svg.ts'
import { waterfall } from '../../src/pictures/waterfall.ts'
import { spanOf } from '../span-of.ts'
import { at, attempt, messaging } from '../journey-story.ts'
import { later, linkTo, notEnded, story } from '../story.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

function drawn(spans: readonly RecordedSpan[], width: number, title?: string): string {
  const text = waterfall(spans, { width, colors: false, ...(title ? { title } : {}) })
  for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(width)
  return `\n${text}\n`
}

const minutes = 60_000
const slow = story.map((span, index) => (index < 3 ? span : later(span, index * minutes)))

const withoutSend = story.filter((span) => span.name !== 'send orders')

test('a story at 60 columns', () => {
  expect(drawn(story, 60, 'order 1042')).toMatchInlineSnapshot(`
    "
    order 1042 · 6 spans in 2 traces · shop, billing, mailer
                                      0 ms   200 ms
    ● POST /orders            shop    ▍                    12 ms
    └─● send orders           shop    ▏                   3.4 ms
      ├─✗ process orders  1/3 billing █▍                   40 ms
      │     waited 5 ms · TimeoutError → requeued
      ├─✗ process orders  2/3 billing  ╌╌╌╌╌╌█▍            41 ms
      │     waited 150 ms · TimeoutError → requeued
      └─✗ process orders  3/3 billing         ╌╌╌╌╌╌╌█▌    42 ms
            waited 200 ms · TimeoutError → dead_lettered
    ● process orders-dead     mailer                   ╌▎   9 ms
        from orders after 3 attempts, waited 35 ms · → acked
        ⤷ last attempt process orders attempt 3
        ⤷ creation send orders
    "
  `)
})

test('a story at 100 columns', () => {
  expect(drawn(story, 100, 'order 1042')).toMatchInlineSnapshot(`
    "
    order 1042 · 6 spans in 2 traces · shop, billing, mailer
                                                0 ms              200 ms            400 ms
    ● POST /orders                     shop     █                                                  12 ms
    └─● send orders                    shop     ▎                                                 3.4 ms
      ├─✗ process orders  attempt 1/3  billing  ╌███▋                                              40 ms
      │     waited 5 ms · TimeoutError → requeued
      ├─✗ process orders  attempt 2/3  billing      ╌╌╌╌╌╌╌╌╌╌╌╌╌╌███▋                             41 ms
      │     waited 150 ms · TimeoutError → requeued
      └─✗ process orders  attempt 3/3  billing                        ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌███▊       42 ms
            waited 200 ms · TimeoutError → dead_lettered
    ● process orders-dead              mailer                                               ╌╌╌▊    9 ms
        from orders after 3 attempts, waited 35 ms · → acked · ⤷ last attempt process orders attempt 3
        ⤷ creation send orders
    "
  `)
})

test('a story at 140 columns', () => {
  expect(drawn(story, 140, 'order 1042')).toMatchInlineSnapshot(`
    "
    order 1042 · 6 spans in 2 traces · shop, billing, mailer
                                                0 ms            100 ms           200 ms          300 ms           400 ms
    ● POST /orders                     shop     █▉                                                                                         12 ms
    └─● send orders                    shop     ▌                                                                                         3.4 ms
      ├─✗ process orders  attempt 1/3  billing   ╌██████▋                                                                                  40 ms
      │     waited 5 ms · TimeoutError → requeued
      ├─✗ process orders  attempt 2/3  billing          ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌██████▊                                                   41 ms
      │     waited 150 ms · TimeoutError → requeued
      └─✗ process orders  attempt 3/3  billing                                          ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌██████▉           42 ms
            waited 200 ms · TimeoutError → dead_lettered
    ● process orders-dead              mailer                                                                                   ╌╌╌╌╌╌█▍    9 ms
        from orders after 3 attempts, waited 35 ms · → acked · ⤷ last attempt process orders attempt 3 · ⤷ creation send orders
    "
  `)
})

test('a story in columns, where everything has room', () => {
  expect(drawn(story, 170)).toMatchInlineSnapshot(`
    "
    6 spans in 2 traces · shop, billing, mailer
                                                0 ms            200 ms           400 ms
    ● POST /orders                     shop     ▉                                              12 ms
    └─● send orders                    shop     ▎                                             3.4 ms
      ├─✗ process orders  attempt 1/3  billing  ╌███▎                                          40 ms  waited 5 ms                                 TimeoutError → requeued
      ├─✗ process orders  attempt 2/3  billing      ╌╌╌╌╌╌╌╌╌╌╌╌███▍                           41 ms  waited 150 ms                               TimeoutError → requeued
      └─✗ process orders  attempt 3/3  billing                      ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌███▍       42 ms  waited 200 ms                               TimeoutError → dead_lettered
    ● process orders-dead              mailer                                           ╌╌╌▋    9 ms  from orders after 3 attempts, waited 35 ms  → acked
        ⤷ last attempt process orders attempt 3 · ⤷ creation send orders
    "
  `)
})

test('waits of minutes do not make the attempts vanish', () => {
  expect(drawn(slow, 120)).toMatchInlineSnapshot(`
    "
    6 spans in 2 traces · shop, billing, mailer
                                                0 ms             ⋯     3 min          ⋯     4 min          ⋯
    ● POST /orders                     shop     ███▏                                                                   12 ms
    └─● send orders                    shop      ▉                                                                    3.4 ms
      ├─✗ process orders  attempt 1/3  billing   ╌╌██████████▊                                                         40 ms
      │     waited 5 ms · TimeoutError → requeued
      ├─✗ process orders  attempt 2/3  billing                         ███████████                                     41 ms
      │     waited 150 ms · TimeoutError → requeued
      └─✗ process orders  attempt 3/3  billing                                              ███████████▎               42 ms
            waited 200 ms · TimeoutError → dead_lettered
    ● process orders-dead              mailer                                                                    ██▍    9 ms
        from orders after 3 attempts, waited 35 ms · → acked · ⤷ last attempt process orders attempt 3
        ⤷ creation send orders
    "
  `)
})

test('a parent and a creation that were not recorded are named', () => {
  expect(drawn(withoutSend, 100)).toMatchInlineSnapshot(`
    "
    5 spans in 2 traces · shop, billing, mailer
                                            0 ms                200 ms              400 ms
    ● POST /orders                 shop     █▏                                                     12 ms
    ✗ process orders  attempt 1/3  billing  ╌████                                                  40 ms
        waited 5 ms · TimeoutError → requeued · ⤷ parent, creation (not recorded) 4bf9…/00f0…
    ✗ process orders  attempt 2/3  billing       ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌████                               41 ms
        waited 150 ms · TimeoutError → requeued · ⤷ parent, creation (not recorded) 4bf9…/00f0…
        ⤷ previous attempt process orders attempt 1
    ✗ process orders  attempt 3/3  billing                          ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌████▏      42 ms
        waited 200 ms · TimeoutError → dead_lettered · ⤷ parent, creation (not recorded) 4bf9…/00f0…
        ⤷ previous attempt process orders attempt 2
    ● process orders-dead          mailer                                                   ╌╌╌╌▉   9 ms
        from orders after 3 attempts, waited 35 ms · → acked · ⤷ last attempt process orders attempt 3
        ⤷ creation (not recorded) 4bf9…/00f0…
    "
  `)
})

test('an open span reaches to the end', () => {
  const spans = story.slice(0, 3).map((span) => (span.name === 'POST /orders' ? notEnded(span) : span))
  expect(drawn(spans, 100)).toMatchInlineSnapshot(`
    "
    3 spans in 1 trace · shop, billing          0 ms              20 ms             40 ms
    ◌ POST /orders                     shop     ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░    open
    └─● send orders                    shop        ███                                            3.4 ms
      └─✗ process orders  attempt 1/3  billing        ╌╌╌╌╌████████████████████████████████████▋   40 ms
            waited 5 ms · TimeoutError → requeued
    "
  `)
})

test('a batch names equal links once, and stories that are not connected stand apart', () => {
  const sends = Array.from({ length: 12 }, (_, index) =>
    spanOf({
      name: index < 9 ? 'create orders' : `create other-${index}`,
      spanId: `${index}`,
      traceId: `${index}`,
      startTime: index,
    }),
  )
  const links = sends.map((span) => linkTo('message', span.spanId, span.traceId))
  const batch = spanOf({ name: 'process batch', spanId: 'b', startTime: 20, endTime: 30, links })
  const other = spanOf({ name: 'GET /health', spanId: 'c', traceId: 'c', startTime: 25 })
  expect(drawn([batch, other, ...sends.slice(0, 9)], 80)).toMatchInlineSnapshot(`
    "
    11 spans in 11 traces · shop

    create orders · 10 spans in 10 traces · 30 ms
                     0 ms              10 ms              20 ms
    ● create orders  █▊                                                         1 ms
    ● create orders   █▊                                                        1 ms
    ● create orders     █▊                                                      1 ms
    ● create orders       █▊                                                    1 ms
    ● create orders         █▊                                                  1 ms
    ● create orders           █▊                                                1 ms
    ● create orders             █▊                                              1 ms
    ● create orders               █▊                                            1 ms
    ● create orders                █▊                                           1 ms
    ● process batch                                       ██████████████████▋  10 ms
        ⤷ message create orders ×9 · ⤷ message (not recorded) 9…/9…
        ⤷ message (not recorded) 10…/10… · ⤷ message (not recorded) 11…/11…

    GET /health · 1 span in 1 trace · 1 ms
                     0 ms                        500 µs
    ● GET /health    ████████████████████████████████████████████████████████   1 ms
    "
  `)
})

test('wide characters keep the columns straight', () => {
  const spans = [
    spanOf({ name: '注文を処理する', spanId: '1', endTime: 20, service: '店' }),
    spanOf({ name: 'café ☕ 🚀 orders', spanId: '2', parentSpanId: '1', startTime: 5, endTime: 9, service: 'shop' }),
  ]
  const text = drawn(spans, 80)
  expect(text).toMatchInlineSnapshot(`
    "
    2 spans in 1 trace · 店, shop
                                 0 ms                  10 ms
    ● 注文を処理する       店    ████████████████████████████████████████████  20 ms
    └─● café ☕ 🚀 orders  shop             ████████▊                           4 ms
    "
  `)
})

test('a long name is cut, the attempt is not', () => {
  const attributes = { 'tracebaton.delivery.attempt': 12, 'tracebaton.delivery.max_attempts': 15 }
  const span = spanOf({ name: 'process '.repeat(20), spanId: '1', attributes })
  expect(drawn([span], 60)).toMatch(/● process.*…process +12\/15 /)
})

test('no spans are no problem', () => {
  expect(waterfall([], { colors: false })).toBe('0 spans in 0 traces')
})

test('text from outside cannot control the terminal', () => {
  const evil = '\u001b[2J\u009b31m\u0007\u202e\r\n\u2028x'
  const attributes = {
    'error.type': evil,
    'tracebaton.delivery.outcome': evil,
    'tracebaton.dead_letter.source': evil,
  }
  const link = { traceId: evil, spanId: evil, role: evil, attributes: {} }
  const span = spanOf({ name: evil, spanId: '1', service: evil, attributes, links: [link], status: 'error' })
  const text = waterfall([span], { colors: false, title: evil, width: 120 })
  expect(text).toContain('[2J')
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e\u2028]/u)
  expect(text.split('\n').length).toBeLessThan(6)
})

test('beyond the limit the rest is counted', () => {
  const text = waterfall(story, { limit: 2, colors: false, width: 100 })
  expect(text).toContain('… 4 more spans are not drawn')
  expect(text).not.toContain('process orders-dead')
})

test('without an axis there is one line per span and one above', () => {
  expect(waterfall(story.slice(0, 2), { axis: false, colors: false, width: 100 }).split('\n')).toHaveLength(3)
})

test('colours only add to the text', () => {
  const colored = waterfall(story, { colors: true, width: 100 })
  const plain = stripVTControlCharacters(colored)
    .split('\n')
    .map((line) => line.trimEnd())
  expect(colored).toContain('\u001b[31m✗\u001b[39m')
  expect(plain).toEqual(waterfall(story, { colors: false, width: 100 }).split('\n'))
})

test.each([
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  [{ FORCE_COLOR: '0', NO_COLOR: '' }, false],
  [{ FORCE_COLOR: undefined, NO_COLOR: '1' }, false],
])('the environment %j decides about colours: %s', (environment, colored) => {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  expect(waterfall(story).includes('\u001b[')).toBe(colored)
})

test('a terminal gets colours unless NO_COLOR says otherwise', () => {
  vi.stubEnv('FORCE_COLOR', undefined)
  vi.stubEnv('NO_COLOR', undefined)
  const before = process.stdout.isTTY
  process.stdout.isTTY = true
  const onTerminal = waterfall(story)
  vi.stubEnv('NO_COLOR', '1')
  const refused = waterfall(story)
  process.stdout.isTTY = before
  expect([onTerminal.includes('\u001b['), refused.includes('\u001b[')]).toEqual([true, false])
})

test('the first attempt has its number when there is a second one, however the two are known', () => {
  const send = messaging('s', 'send', 'orders', { attributes: at(42) })
  const first = attempt('1', send, 1)
  const linked = attempt('2', send, 2, { before: first })
  const alone = waterfall([send, first], { colors: false })
  const sameMessage = waterfall([send, first, attempt('2', send, 2)], { colors: false })
  const otherMessage = waterfall([send, first, attempt('2', send, 2, { attributes: at(43) })], { colors: false })
  expect(alone).not.toContain('attempt')
  expect(waterfall([send, first, linked], { colors: false })).toMatch(/attempt 1 .*\n.*attempt 2/)
  expect(sameMessage).toMatch(/attempt 1 .*\n.*attempt 2/)
  expect(otherMessage).not.toContain('attempt 1')
})

test('an outcome that is the type of the error, too, is said once', () => {
  const send = messaging('s', 'send', 'orders')
  const outcome = { 'error.type': 'requeued', 'tracebaton.delivery.outcome': 'requeued' }
  const drawing = waterfall([send, attempt('1', send, 1, { status: 'error', attributes: outcome })], { colors: false })
  expect(drawing).toContain('→ requeued')
  expect(drawing).not.toContain('requeued → requeued')
})

/** The story, as told by a shop whose clock is ahead. */
const late = (ms: number) => story.map((span) => (span.service === 'shop' ? later(span, ms) : span))

test('it is said where a span begins before what it comes from, because the clocks of two hosts differ', () => {
  expect(waterfall(late(50), { width: 140 })).toContain('6 spans in 2 traces · clocks differ by 42 ms or more · shop')
  expect(svg(late(50))).toContain('clocks differ by 42 ms or more')
  expect(waterfall(late(10), { width: 140 })).not.toContain('clocks')
})
