import { TraceAssertionError } from '@tracebaton/testing'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { removals, type Run } from '../src/proofs/removals.ts'
import { createProject, type Project } from '../src/proofs/run.ts'

let project: Project
let whole: Run

beforeAll(async () => {
  project = await createProject(inject('brokers').sqs)
  whole = await project.play([])
})

afterAll(() => project[Symbol.asyncDispose]())

test.each(removals)('$assertion misses $removed', async ({ edits, assert, expected }) => {
  assert(whole)
  const run = await project.play(edits)
  const error = thrown(() => assert(run))
  const { problem, ...place } = expected
  expect(error.findings).toContainEqual(
    expect.objectContaining({ ...place, problem: expect.stringContaining(problem), message: expect.any(String) }),
  )
  const said = error.findings.find((finding) => finding.rule === expected.rule && finding.problem.includes(problem))
  expect(said?.message).toMatch(/aws\.sqs \S+/)
  for (const part of [said!.problem, said!.message, expected.hop, expected.side]) expect(error.message).toContain(part)
})

function thrown(assert: () => unknown): TraceAssertionError {
  try {
    assert()
  } catch (error) {
    if (error instanceof TraceAssertionError) return error
    throw error
  }
  throw new Error('Nothing was missed')
}
