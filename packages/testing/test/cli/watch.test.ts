import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { tracebaton } from './invoke.ts'

async function takenPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

test('a port that is taken is one sentence with --port, and exit code 2', async () => {
  const port = await takenPort()
  expect(await tracebaton(['watch', '--port', String(port)])).toEqual({
    code: 2,
    out: '',
    error: `Port ${port} is taken, perhaps by a Collector on this machine: choose another one, such as --port ${port + 1}.\n`,
  })
})

test('an address of another machine is one sentence with --host', async () => {
  const { code, error } = await tracebaton(['watch', '--port', '0', '--host', '192.0.2.1'])
  expect([code, error.trim().split('\n')]).toEqual([2, [expect.stringContaining('choose another address with --host')]])
})

test('it says where it listens, and ends when it is told to', async () => {
  expect(await tracebaton(['watch', '--port', '0'])).toEqual({
    code: 0,
    out: expect.stringMatching(/^Watching on http:\/\/127\.0\.0\.1:\d+: send spans there/),
    error: '',
  })
})

test.each([
  [['--port', '70000'], '--port can be 65535 at most'],
  [['--keep', '0'], '--keep can be 1 to 10000'],
  [['--ignore', 'no-such-rule'], 'There is no rule no-such-rule'],
  [['spans.jsonl'], 'watch reads no files'],
])('%j is not understood', async (words, problem) => {
  expect(await tracebaton(['watch', ...words])).toMatchObject({ code: 2, error: expect.stringContaining(problem) })
})
