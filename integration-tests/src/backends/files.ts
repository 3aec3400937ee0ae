import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { RecordedSpan } from '@tracebaton/testing'
import { readOtlp } from '@tracebaton/testing/otlp'
import { keyOf } from './truth.ts'

/** The Collector's files: what came in, what the example keeps, what a usual one would keep, what goes to Jaeger. */
export type FileName = 'all' | 'kept' | 'usual' | 'jaeger'

/** The path of one of them. */
export function fileOf(folder: string, name: FileName): string {
  return join(folder, `${name}.jsonl`)
}

/** All spans that one of them has by now. */
export async function spansOf(folder: string, name: FileName): Promise<RecordedSpan[]> {
  const spans: RecordedSpan[] = []
  for await (const span of readOtlp(fileOf(folder, name))) spans.push(span)
  return spans
}

/** Which of these spans, by their keys, one of them does not have. */
export async function missingFrom(folder: string, name: FileName, keys: readonly string[]): Promise<string[]> {
  const there = new Set((await spansOf(folder, name)).map(keyOf))
  return keys.filter((key) => !there.has(key))
}

/** Waits until a file has a text. Rejects after `timeout` ms. */
export async function untilFileHas(folder: string, name: FileName, text: string, timeout = 30_000): Promise<void> {
  const deadline = Date.now() + timeout
  const path = fileOf(folder, name)
  let read = 0
  let rest = ''
  while (Date.now() < deadline) {
    const more = await textFrom(path, read)
    read += more.length
    if (`${rest}${more}`.includes(text)) return
    rest = `${rest}${more}`.slice(-text.length)
    await pause(100)
  }
  throw new Error(`${path} does not have ${text} after ${timeout} ms.`)
}

async function textFrom(path: string, position: number): Promise<string> {
  const file = await open(path).catch(() => undefined)
  if (file === undefined) return ''
  try {
    const { size } = await file.stat()
    const buffer = Buffer.alloc(Math.max(0, size - position))
    await file.read(buffer, 0, buffer.length, position)
    // Ids are ASCII: a character that is cut does not matter, its length does.
    return buffer.toString('latin1')
  } finally {
    await file.close()
  }
}
