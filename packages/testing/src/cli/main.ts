#!/usr/bin/env node
import { wantsColors } from '../text/colors.ts'
import { needsBounds, runBounded } from './bounded.ts'
import { openScreen } from './screen.ts'
import { EXIT } from './terminal.ts'

// A reader that has enough, as `head`, is no failure, and changes nothing about what was found: the command goes on.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.exit(EXIT.input)
  })
}

async function main(): Promise<void> {
  const words = process.argv.slice(2)
  process.exitCode = needsBounds(words)
    ? await runBounded()
    : await (
        await import('./run.ts')
      ).run(words, {
        out: (text) => void process.stdout.write(text),
        error: (text) => void process.stderr.write(text),
        input: process.stdin,
        columns: process.stdout.columns,
        colors: wantsColors(),
        live: process.stderr.isTTY,
        untilStopped,
        ...(process.stdin.isTTY && process.stdout.isTTY && { openScreen }),
      })
}

function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })
}

/** Resolves when everything that was written has been taken, or never will be. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => void stream.write('', () => resolve()))
}

// A client that cannot reach its broker may go on trying, while a reader may be slow to take the result.
void main().finally(async () => {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  setTimeout(() => process.exit(), 1000).unref()
})
