import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('programs/handler.js', import.meta.url))

/** How a process ends that handles one message so. */
async function endOf(...args: readonly string[]): Promise<unknown> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  const [said, code] = await Promise.all([text(child.stderr), new Promise((resolve) => child.once('exit', resolve))])
  return { code, error: /^\w*Error: .*/m.exec(said)?.[0] }
}

const ALIVE = { code: 0, error: undefined }
const DEAD = { code: 1, error: 'RangeError: no stock' }

test.each([
  ['asynchronous', '', DEAD],
  ['asynchronous', 'noAck', DEAD],
  ['plain', '', DEAD],
  ['plain', 'noAck', DEAD],
  ['caught', '', ALIVE],
  ['caught', 'noAck', ALIVE],
  ['caughtLater', '', ALIVE],
  ['caughtLater', 'noAck', ALIVE],
  ['caughtTooLate', '', DEAD],
  ['wrapped', '', ALIVE],
  ['heard', '', ALIVE],
  ['heard', 'noAck', ALIVE],
  ['acknowledged', '', DEAD],
  ['synchronous', '', DEAD],
])(
  'the process of a handler that fails (%s %s) ends as without us',
  async (handler, noAck, end) => {
    const ends = await Promise.all(['bare', 'traced'].map((how) => endOf(how, handler, noAck)))
    expect(ends).toEqual([end, end])
  },
  30_000,
)
