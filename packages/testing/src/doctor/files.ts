import { relative } from 'node:path'
import type { Diagnosis } from './diagnosis.ts'
import { findInstalled, manifestIn, type Installed } from './installed.ts'
import { otherName } from './not-patched.ts'
import { diagnoseInstalledTracers, otherTracers } from './other-tracers.ts'
import { diagnoseSdk, sdkPackages } from './sdk-lines.ts'
import { isWithin, testedVersions, untracedClients } from './version.ts'

const api = '@opentelemetry/api'

/** The client that each official instrumentation patches, and our package for the same client. */
export const instrumentations: Readonly<Record<string, readonly [client: string, ours: string]>> = {
  '@opentelemetry/instrumentation-kafkajs': ['kafkajs', '@tracebaton/kafka'],
  '@opentelemetry/instrumentation-amqplib': ['amqplib', '@tracebaton/amqp'],
  '@opentelemetry/instrumentation-aws-sdk': ['@aws-sdk/client-sqs', '@tracebaton/sqs'],
}

/** What can be told from a project's files alone, without running it. */
export function diagnoseFiles(folder: string): Diagnosis[] {
  const pairs = Object.entries(instrumentations)
  const adapters = [...pairs.map(([, [, ours]]) => ours), '@tracebaton/bullmq']
  const others = [...pairs.map(([name]) => name), ...otherTracers.map(({ name }) => name)]
  const wanted = [
    api,
    ...Object.keys({ ...testedVersions, ...untracedClients }),
    ...adapters,
    ...others,
    ...sdkPackages,
  ]
  const installed = findInstalled(folder, new Set(wanted))
  const named = (name: string): readonly Installed[] => installed.filter((copy) => copy.name === name)
  return [
    diagnoseCopies(named(api), folder),
    ...diagnoseSdk(installed),
    ...Object.keys(testedVersions).flatMap((name) => named(name).map((copy) => diagnoseVersion(copy))),
    ...Object.entries(untracedClients).flatMap(([name, other]) =>
      named(name).length > 0 ? [untraced(name, other)] : [],
    ),
    ...diagnoseAliases(folder),
    ...pairs.flatMap(([name, [client, ours]]): Diagnosis[] => {
      if (named(name).length === 0 || named(ours).length === 0) return []
      return [bothInstalled(name, client, ours)]
    }),
    ...(adapters.some((name) => named(name).length > 0)
      ? diagnoseInstalledTracers((name) => named(name).length > 0)
      : []),
  ]
}

function diagnoseCopies(copies: readonly Installed[], folder: string): Diagnosis {
  const versions = [...new Set(copies.map(({ version }) => version))].toSorted()
  if (copies.length === 0) {
    return {
      id: 'api-copies',
      state: 'ill',
      finding: `${api} is not installed: nothing can be traced.`,
      advice: `npm install ${api}`,
    }
  }
  if (versions.length === 1) {
    return { id: 'api-copies', state: 'well', finding: `All code uses ${api} ${versions[0]}.` }
  }
  const places = copies.map(({ version, folder: place }) => `${version} in ${relative(folder, place) || '.'}`)
  return {
    id: 'api-copies',
    state: 'doubtful',
    finding: `There are ${versions.length} versions of ${api}: ${places.join(', ')}.`,
    advice: `Code with a newer one than the SDK's sees no SDK, and an SDK with another one cannot register: npm ls ${api}, then npm dedupe or overrides.`,
  }
}

function diagnoseVersion({ name, version }: Installed): Diagnosis {
  const range = testedVersions[name] ?? ''
  if (isWithin(version, range)) {
    return { id: 'client-version', state: 'well', finding: `${name} ${version} is within the tested range ${range}.` }
  }
  return {
    id: 'client-version',
    state: 'doubtful',
    finding: `${name} ${version} is outside of the tested range ${range}.`,
    advice: 'It may work; run your propagation tests, or install a version of the range.',
  }
}

function bothInstalled(name: string, client: string, ours: string): Diagnosis {
  return {
    id: 'instrumentation',
    state: 'doubtful',
    finding: `${name} is installed beside ${ours}: if both are active, everything on ${client} is traced twice.`,
    advice: `Disable it: getNodeAutoInstrumentations({ '${name}': { enabled: false } }), or inPlaceOfOfficial([…]) of @tracebaton/instrumentation.`,
  }
}

const untraced = (name: string, other: string): Diagnosis => ({
  id: 'client-version',
  state: 'doubtful',
  finding: `${name} is not traced yet.`,
  advice: `What is sent by ${other} is.`,
})

/** Clients that the project installs under other names, where it has the instrumentation. */
function diagnoseAliases(folder: string): Diagnosis[] {
  const manifest = manifestIn(folder)
  const dependencies = { ...Object(manifest['dependencies']), ...Object(manifest['devDependencies']) } as object
  if (!('@tracebaton/instrumentation' in dependencies)) return []
  return Object.entries(dependencies).flatMap(([name, range]): Diagnosis[] => {
    const client = /^npm:(.+?)(?:@[^@]*)?$/.exec(String(range))?.[1]
    return client === undefined || client === name || !(client in testedVersions)
      ? []
      : [otherName(client, name, 'doubtful')]
  })
}
