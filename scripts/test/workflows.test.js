import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const FOLDER = '.github/workflows'
const workflows = readdirSync(FOLDER).map((file) => [file, readFileSync(`${FOLDER}/${file}`, 'utf8')])

/** The jobs of a workflow, by name, each with its lines. */
function jobsOf(text) {
  const [, jobs] = text.split(/^jobs:\n/m)
  const parts = jobs.split(/^ {2}([\w-]+):\n/m).slice(1)
  return new Map(parts.flatMap((part, index) => (index % 2 === 0 ? [[part, parts[index + 1]]] : [])))
}

const permissionsIn = (job) => job.match(/^ {4}permissions:\n((?: {6}.*\n)*)/m)?.[1].match(/[\w-]+: \w+/g)

describe.each(workflows)('the workflow %s', (_, text) => {
  test('takes every action by its digest', () => {
    const actions = [...text.matchAll(/uses: (\S+)/g)]
      .map(([, action]) => action)
      .filter((one) => !one.startsWith('./'))
    expect(actions).not.toEqual([])
    for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/)
  })

  test('gives no job a permission that is not named', () => {
    expect(text).toMatch(/^permissions:(?: \{\}|\n {2}contents: read)\n/m)
  })
})

describe('a release', () => {
  const text = new Map(workflows).get('release.yml')
  const jobs = jobsOf(text)

  test('comes after all of CI, on the same commit', () => {
    expect(jobs.get('ci')).toContain('uses: ./.github/workflows/ci.yml')
    expect(jobs.get('version')).toContain('    needs: ci\n')
    expect(jobs.get('publish')).toContain('    needs: version\n')
    expect(new Map(workflows).get('ci.yml')).toContain('  workflow_call:\n')
  })

  test('can be published by one job only, which opens no pull request', () => {
    expect([...jobs].map(([name, job]) => [name, permissionsIn(job)])).toEqual([
      ['ci', ['contents: read']],
      ['version', ['contents: write', 'pull-requests: write']],
      ['publish', ['contents: write', 'id-token: write']],
    ])
  })

  test('is published with provenance', () => {
    expect(jobs.get('publish')).toContain("NPM_CONFIG_PROVENANCE: 'true'")
    expect(text).not.toContain('NPM_TOKEN')
  })
})
