#!/usr/bin/env node
import { wantsColors } from '../colors.ts'
import { needsBounds, runBounded } from './bounded.ts'
import { run } from './run.ts'

// A reader that has enough, as `head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 3)
})

async function main(): Promise<void> {
  const words = process.argv.slice(2)
  process.exitCode = needsBounds(words)
    ? await runBounded()
    : await run(words, {
        out: (text) => void process.stdout.write(text),
        error: (text) => void process.stderr.write(text),
        input: process.stdin,
        columns: process.stdout.columns,
        colors: wantsColors(),
        live: process.stderr.isTTY,
      })
}

// A client that cannot reach its broker may go on trying: the result has been printed.
void main().finally(() => setTimeout(() => process.exit(), 1000).unref())
