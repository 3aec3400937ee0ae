import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../packed.ts'
import { exampleFolder } from './recipes.ts'

/** A query, and where it stands. */
export interface Query {
  readonly where: string
  readonly text: string
}

/** One value of an answer. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [time: number, value: string]
}

/** Asks Prometheus. Rejects with its own words where it refuses. */
export async function ask(prometheus: string, query: string): Promise<readonly Sample[]> {
  const response = await fetch(`${prometheus}/api/v1/query?${new URLSearchParams({ query }).toString()}`)
  const answer = (await response.json()) as { status: string; error?: string; data?: { result: Sample[] } }
  if (answer.status !== 'success' || answer.data === undefined) throw new Error(`${query}: ${answer.error}`)
  return answer.data.result
}

/** The queries in the documentation: every block of promql, one query for each paragraph. */
export async function queriesOfPages(): Promise<Query[]> {
  const docs = join(root, 'docs')
  const pages = (await readdir(docs)).filter((name) => name.endsWith('.md'))
  const found = await Promise.all(
    pages.map(async (page) => {
      const text = await readFile(join(docs, page), 'utf8')
      const blocks = [...text.matchAll(/^```promql\n([^]*?)^```$/gm)].map(([, block = '']) => block)
      return blocks.flatMap((block) =>
        block
          .split(/\n\s*\n/)
          .map((query) => query.replaceAll(/^#.*$/gm, '').trim())
          .filter(Boolean)
          .map((query) => ({ where: `docs/${page}`, text: query })),
      )
    }),
  )
  return found.flat()
}

/** The queries of the dashboards, for every destination. */
export async function queriesOfDashboards(): Promise<Query[]> {
  const folder = join(exampleFolder, 'grafana/dashboards')
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  const found = await Promise.all(
    files.map(async (file) => {
      const queries = expressionsIn(JSON.parse(await readFile(join(folder, file), 'utf8')))
      return queries.map((text) => ({
        where: file,
        text: text.replaceAll('$destination', '.*').replaceAll('$__rate_interval', '5m').replaceAll('$__range', '5m'),
      }))
    }),
  )
  return found.flat()
}

function expressionsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) =>
    key === 'expr' && typeof member === 'string' ? [member] : expressionsIn(member),
  )
}

/** The names that the rules record under. */
export async function recordedByRules(): Promise<Query[]> {
  const text = await readFile(join(exampleFolder, 'rules.yml'), 'utf8')
  return [...text.matchAll(/- record: (\S+)/g)].map(([, name = '']) => ({ where: 'rules.yml', text: name }))
}
