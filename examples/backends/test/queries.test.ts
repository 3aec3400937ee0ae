import { readdirSync, readFileSync } from 'node:fs'
import { parser as logql } from '@grafana/lezer-logql'
import { parser as traceql } from '@grafana/lezer-traceql'
import { describe, expect, test } from 'vitest'

const parsers = { logql, traceql }
const here = new URL('../', import.meta.url)
const docs = new URL('../../docs/', here)

const pages = [
  new URL('queries.md', here),
  ...readdirSync(docs)
    .filter((name) => name.endsWith('.md'))
    .map((name) => new URL(name, docs)),
]

/** The queries of one language on all pages. */
function queriesIn(language: string): string[] {
  const blocks = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm')
  return pages.flatMap((page) => [...readFileSync(page, 'utf8').matchAll(blocks)].map(([, text = '']) => text.trim()))
}

/** Where a grammar does not understand a query. */
function errorsIn(language: keyof typeof parsers, query: string): number[] {
  const errors: number[] = []
  parsers[language].parse(query).iterate({
    enter: ({ type, from }) => {
      if (type.isError) errors.push(from)
    },
  })
  return errors
}

describe.each(['logql', 'traceql'] as const)('%s', (language) => {
  test.each(queriesIn(language))('%s parses', (query) => {
    expect(errorsIn(language, query)).toEqual([])
  })

  test('a query that is none is found out', () => {
    expect(errorsIn(language, '{ broken ==== }')).not.toEqual([])
  })
})
