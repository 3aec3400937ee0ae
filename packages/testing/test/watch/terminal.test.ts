import { expect, test } from 'vitest'
import { displayWidth } from '../../src/text/display-text.ts'
import { createLogView } from '../../src/watch/log-view.ts'
import { createTerminalView, type Screen } from '../../src/watch/terminal-view.ts'
import { spanOf } from '../span-of.ts'
import { story } from '../story.ts'
import { journalWith } from './journal-with.ts'
import { journeyOf } from './journey-of.ts'

/** A terminal without a person. */
function createScreen(columns = 100, rows = 12) {
  let lines: readonly string[] = []
  let press: ((name: string) => void) | undefined
  const screen: Screen = {
    size: () => ({ columns, rows }),
    show: (shown) => void (lines = shown),
    onKey: (act) => void (press = act),
    onResize: () => {},
  }
  return { screen, press: (name: string) => press?.(name), lines: () => lines, text: () => lines.join('\n') }
}

function viewOf(spans = [...story, ...[1, 2, 3].flatMap((number) => journeyOf(number))], columns = 100, rows = 12) {
  const journal = journalWith()
  const terminal = createScreen(columns, rows)
  let ended = 0
  const view = createTerminalView(terminal.screen, {
    url: 'http://127.0.0.1:4318',
    colors: false,
    spansOf: (id) => journal.spansOf(id),
    quit: () => void (ended += 1),
  })
  const empty = terminal.text()
  journal.add(spans)
  for (let change = journal.advance(); change; change = journal.advance()) view.apply(change)
  return { ...terminal, empty, ended: () => ended }
}

test('the terminal says where to send spans, and shows journeys, newest first', () => {
  const { empty, lines } = viewOf(undefined, 160)
  expect(empty).toContain('Send spans to http://127.0.0.1:4318')
  expect(lines()[0]).toBe('tracebaton watch · http://127.0.0.1:4318 · 4 journeys, 1 failed, 1 broken')
  expect(
    lines()
      .slice(2, 6)
      .map((line) => line.slice(11)),
  ).toEqual([
    expect.stringContaining('● send orders'),
    expect.stringContaining('● send orders'),
    expect.stringContaining('● send orders'),
    expect.stringMatching(/✗ POST \/orders .*3 attempts · waited 200 ms · TimeoutError → dead_lettered/),
  ])
  expect(lines()).toHaveLength(12)
})

test('the keys choose, open, filter and quit', () => {
  const { press, text, lines, ended } = viewOf()
  press('f')
  expect(text()).not.toContain('● send orders')
  expect(lines()[0]).toContain('failed only')
  press('return')
  expect(text()).toContain('process orders  attempt 2/3')
  press('down')
  press('escape')
  press('f')
  press('b')
  expect(text()).not.toContain('● send orders')
  press('b')
  expect(text()).toMatch(/› .*POST \/orders/)
  press('up')
  expect(text()).toMatch(/› .*send orders/)
  press('q')
  expect(ended()).toBe(1)
})

test.each([
  [40, 8],
  [80, 24],
  [200, 50],
])('nothing is wider than the terminal or longer: %i × %i', (columns, rows) => {
  const hostile = spanOf({ name: '\u001b[31m界'.repeat(200), spanId: '1', traceId: 'f'.repeat(32), service: '\u202e' })
  const many = Array.from({ length: 60 }, (_, number) => journeyOf(number + 1)).flat()
  const { lines, press, text } = viewOf([...many, hostile], columns, rows)
  for (const key of ['down', 'down', 'up']) press(key)
  expect(lines()).toHaveLength(rows)
  for (const line of lines()) expect(displayWidth(line)).toBeLessThanOrEqual(columns)
  for (const sign of ['\u001b', '\u202e']) expect(text()).not.toContain(sign)
})

test('without a person there is a line for each journey that is quiet, and another one when it has changed', () => {
  const journal = journalWith()
  let printed = ''
  const view = createLogView((text) => void (printed += text), { columns: 120, colors: false })
  const look = (): void => {
    for (let change = journal.advance(); change; change = journal.advance()) view.apply(change)
  }
  journal.add(journeyOf(1))
  look()
  look()
  expect(printed.match(/send orders/g)).toHaveLength(1)
  journal.add(journeyOf(1, 2))
  look()
  expect(printed.match(/\n/g)).toHaveLength(2)
})
