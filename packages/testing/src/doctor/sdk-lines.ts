import { doubtful, ill, well, type Diagnosis } from './diagnosis.ts'
import type { Installed } from './installed.ts'
import { numbersOf } from './version.ts'

const ID = 'sdk-version'

const stable = ['sdk-trace', 'sdk-trace-base', 'sdk-trace-node'].map((name) => `@opentelemetry/${name}`)
const experimental = ['sdk-node', 'instrumentation'].map((name) => `@opentelemetry/${name}`)

/** The packages that tell which line of the SDK a project has. */
export const sdkPackages: readonly string[] = [...stable, ...experimental]

/** The line that a package belongs to. The numbers of those that are not stable are 100 for each. */
function lineOf({ name, version }: Installed): number {
  const [major, minor] = numbersOf(version)
  return experimental.includes(name) ? major || Math.max(1, Math.floor(minor / 100)) : major
}

/** Which line of the SDK is installed, and whether the API and Node are those that it takes. */
export function diagnoseSdk(installed: readonly Installed[]): Diagnosis[] {
  const packages = installed.filter(({ name }) => sdkPackages.includes(name))
  const lines = [...new Set(packages.map(lineOf))].toSorted((left, right) => left - right)
  const [line, ...more] = lines
  if (line === undefined) return []
  const textOf = (of: number): string =>
    [...new Set(packages.flatMap((one) => (lineOf(one) === of ? [`${one.name} ${one.version}`] : [])))].join(', ')
  if (more.length > 0) {
    return [
      doubtful(
        ID,
        `Packages of ${lines.length} lines of the SDK are installed: ${lines.map((one) => `${one} (${textOf(one)})`).join('; ')}.`,
        'Take one line. In SDK 3, NodeTracerProvider and BasicTracerProvider are TracerProvider of @opentelemetry/sdk-trace, ' +
          'processors take { exporter }, and provider.register() is trace.setGlobalTracerProvider(provider) and its likes.',
      ),
    ]
  }
  if (line !== 2 && line !== 3) return [doubtful(ID, `SDK ${line} is outside of what is tested: SDK 2 and SDK 3.`)]
  return [well(ID, `SDK ${line} is installed: ${textOf(line)}.`), ...apiFor(line, installed), ...nodeFor(line)]
}

/** SDK 2 takes the API up to 1.9, SDK 3 from 1.10 on. */
function apiFor(line: 2 | 3, installed: readonly Installed[]): Diagnosis[] {
  const versions = installed.flatMap(({ name, version }) => (name === '@opentelemetry/api' ? [version] : []))
  const wrong = versions.filter((version) => numbersOf(version)[1] >= 10 !== (line === 3))
  if (wrong.length === 0) return []
  const wanted = line === 3 ? '1.10' : '1.9'
  const finding = `SDK ${line} takes version ${wanted} of @opentelemetry/api, and ${wrong.join(', ')} is installed.`
  return [doubtful(ID, finding, `npm install @opentelemetry/api@${wanted}`)]
}

function nodeFor(line: 2 | 3): Diagnosis[] {
  const [major, minor] = numbersOf(process.versions.node)
  if (line === 2 || major > 22 || (major === 22 && minor >= 15)) return []
  const finding = `SDK 3 needs Node 22.15 or newer, and this is ${process.versions.node}.`
  return [ill(ID, finding, 'Take a newer Node, or SDK 2: sdk-node up to 0.223.')]
}
