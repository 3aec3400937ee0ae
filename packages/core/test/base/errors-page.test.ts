import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const ROOT = new URL('../../../../', import.meta.url)
const PACKAGES = ['core', 'kafka', 'amqp', 'sqs', 'bullmq', 'instrumentation']

/** What runs into a failure of the application's, and is no report of ours. */
const NO_REPORT = /^(The broker refused the copy|there is no |it exports |… has no method )/

/** Those whose text is put together elsewhere than where it is told. */
const PUT_TOGETHER = ['The option … is …; it has to be …']

const LITERAL = /^(?:'((?:[^'\\]|\\.)*)'|`((?:[^`\\]|\\.)*)`)/

/** The text that begins here, with `…` for what changes; `undefined`: it is in a variable. */
function textAt(source: string, at: number): string | undefined {
  const [, plain, template] = LITERAL.exec(source.slice(at)) ?? []
  if (plain !== undefined || template !== undefined) {
    return (plain ?? template ?? '').replaceAll('${LINEAGE_FIELD}', 'tracebaton').replaceAll(/\$\{[^}]*\}/g, '…')
  }
  const [, constant] = /^([A-Z_]+)\b/.exec(source.slice(at)) ?? []
  const declared = constant === undefined ? null : new RegExp(`const ${constant} =\\s*`).exec(source)
  return declared === null ? undefined : textAt(source, declared.index + declared[0].length)
}

/** Every text of a warning or of a failure of ours, by where it stands. */
function reports(): Map<string, string> {
  const found = new Map<string, string>(PUT_TOGETHER.map((text) => [text, 'put together']))
  for (const name of PACKAGES) {
    const folder = new URL(`packages/${name}/src/`, ROOT)
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!/\.c?ts$/.test(file)) continue
      const source = readFileSync(new URL(file, folder), 'utf8')
      for (const call of source.matchAll(/(?:\bmisused|\bwarn|complaints\.push|new (?:Type|Range)?Error)\(\s*/g)) {
        const text = textAt(source, call.index + call[0].length)?.replace(/^tracebaton: /, '')
        if (text !== undefined && /[a-z]/.test(text) && !NO_REPORT.test(text)) found.set(text, `${name}/${file}`)
      }
    }
  }
  return found
}

/** What the page says that reports begin with. */
function rows(): string[] {
  const page = readFileSync(new URL('docs/errors.md', ROOT), 'utf8')
  const tables = page.slice(page.indexOf('## Warnings'))
  return Array.from(tables.matchAll(/^\| `(.+?)`/gm), ([, begin]) => begin!.replace(/, …$/, ''))
}

const isOf = (row: string, text: string): boolean =>
  new RegExp(`^${row.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.+')}`).test(text)

test('the page on errors lists every warning and every failure that we report, and no other', () => {
  const told = reports()
  expect(told.size).toBeGreaterThan(20)
  const missing = Array.from(told).filter(([text]) => !rows().some((row) => isOf(row, text)))
  expect(missing).toEqual([])
  expect(rows().filter((row) => ![...told.keys()].some((text) => isOf(row, text)))).toEqual([])
})
