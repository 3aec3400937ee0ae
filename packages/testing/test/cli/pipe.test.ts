import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { fileOf } from './invoke.ts'
import { story } from '../story.ts'

const program = fileURLToPath(new URL('../../dist/esm/cli/main.js', import.meta.url))

// Far more than a pipe and its reader hold.
const orphans = Array.from({ length: 5_000 }, (_, index) => ({
  ...story[0]!,
  spanId: (index + 1).toString(16).padStart(16, '0'),
  parentSpanId: 'f'.repeat(16),
}))

/** Begins a command in a process of its own, and resolves when it prints. */
async function begun(words: readonly string[]): Promise<ChildProcessByStdio<null, Readable, null>> {
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'readable')
  return child
}

const check = async (): Promise<string[]> => ['check', await fileOf(orphans), '--rule', 'no-orphans', '--max', '5000']
const render = async (): Promise<string[]> => ['render', await fileOf(orphans), '--format', 'otlp']

test.each([
  ['check', check, 1, /found in 5[, ]?000 spans/],
  ['render', render, 0, /0000000000001388/],
])(
  'a slow reader gets all that %s prints',
  async (_, words, code, last) => {
    const child = await begun(await words())
    const closed = once(child, 'close')
    // Longer than a command waits for clients that go on trying.
    await delay(1_500)
    let printed = ''
    for await (const piece of child.stdout.setEncoding('utf8')) printed += piece
    expect(printed.length).toBeGreaterThan(500_000)
    expect(printed.slice(-3_000)).toMatch(last)
    expect(await closed).toEqual([code, null])
  },
  60_000,
)

test('a reader that has enough does not change what check has found', async () => {
  const child = await begun(await check())
  const closed = once(child, 'close')
  child.stdout.destroy()
  expect(await closed).toEqual([1, null])
}, 60_000)

test('nor does one that has enough of what stands on standard error', async () => {
  const words = ['check', await fileOf(orphans), '--rule', 'no-secrets', '--format', 'junit']
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stderr.destroy()
  expect(await once(child, 'close')).toEqual([0, null])
}, 60_000)
