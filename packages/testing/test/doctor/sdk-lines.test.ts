import { expect, onTestFinished, test } from 'vitest'
import { diagnoseFiles } from '../../src/doctor/files.ts'
import { projectWith } from './project.ts'

async function found(packages: Readonly<Record<string, string>>): Promise<string[]> {
  const paths = Object.entries(packages).map(([name, version]) => [`node_modules/@opentelemetry/${name}`, version])
  return diagnoseFiles(await projectWith(Object.fromEntries(paths)))
    .filter(({ id }) => id === 'sdk-version')
    .map(({ state, finding }) => `${state}: ${finding}`)
}

/** Has this process run on another Node, until the test ends. */
function onNode(version: string): void {
  const own = Object.getOwnPropertyDescriptor(process.versions, 'node')!
  Object.defineProperty(process.versions, 'node', { ...own, value: version })
  onTestFinished(() => void Object.defineProperty(process.versions, 'node', own))
}

test('without an SDK there is nothing to say', async () => {
  expect(await found({ api: '1.9.1' })).toEqual([])
})

test('one line of the SDK with its API is well', async () => {
  const second = { api: '1.9.1', 'sdk-trace-base': '2.12.1', 'sdk-node': '0.223.0' }
  expect(await found(second)).toEqual([
    'well: SDK 2 is installed: @opentelemetry/sdk-node 0.223.0, @opentelemetry/sdk-trace-base 2.12.1.',
  ])
  onNode('24.1.0')
  expect(await found({ api: '1.10.0', 'sdk-trace': '3.1.1' })).toEqual([
    'well: SDK 3 is installed: @opentelemetry/sdk-trace 3.1.1.',
  ])
})

test('packages of two lines are doubtful, and the advice says the names of SDK 3', async () => {
  const both = { api: '1.10.0', 'sdk-trace-node': '2.12.0', 'sdk-trace': '3.1.1' }
  expect(await found(both)).toEqual([
    expect.stringMatching(
      /^doubtful: Packages of 2 lines .*: 2 \(.*sdk-trace-node 2\.12\.0\); 3 \(.*sdk-trace 3\.1\.1\)/,
    ),
  ])
})

test.each([
  [{ api: '1.10.0', 'sdk-trace-base': '2.12.1' }, /SDK 2 takes version 1\.9 of .*, and 1\.10\.0 is installed/],
  [{ api: '1.9.1', 'sdk-trace': '3.1.1' }, /SDK 3 takes version 1\.10 of .*, and 1\.9\.1 is installed/],
  [{ api: '1.9.1', 'sdk-trace-base': '1.30.1', 'sdk-node': '0.57.2' }, /SDK 1 is outside of what is tested/],
])('another API, or an older SDK, is doubtful: %j', async (packages, finding) => {
  expect(await found(packages)).toContainEqual(expect.stringMatching(new RegExp(`^doubtful: ${finding.source}`)))
})

test('SDK 3 on a Node that is too old for it is ill', async () => {
  onNode('22.14.0')
  expect(await found({ api: '1.10.0', 'sdk-trace': '3.1.1' })).toContainEqual(
    'ill: SDK 3 needs Node 22.15 or newer, and this is 22.14.0.',
  )
})
