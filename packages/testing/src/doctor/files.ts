import { relative } from 'node:path'
import { doubtful, ill, well, type Diagnosis } from './diagnosis.ts'
import { findInstalled, manifestIn, type Installed } from './installed.ts'
import { otherName } from './not-patched.ts'
import { diagnoseInstalledTracers, otherTracers } from './other-tracers.ts'
import { diagnoseSdk, sdkPackages } from './sdk-lines.ts'
import { isWithin, testedVersions, untracedClients } from './version.ts'

const api = '@opentelemetry/api'

/** The client that an official instrumentation traces, our package for it, and the packages that it patches for that. */
type Traced = readonly [client: string, ours: string, ...patched: string[]]

/** The official instrumentations that trace what we trace, by their names. */
export const instrumentations: Readonly<Record<string, Traced>> = {
  '@opentelemetry/instrumentation-kafkajs': ['kafkajs', '@tracebaton/kafka', 'kafkajs'],
  '@opentelemetry/instrumentation-amqplib': ['amqplib', '@tracebaton/amqp', 'amqplib'],
  '@opentelemetry/instrumentation-aws-sdk': [
    '@aws-sdk/client-sqs',
    '@tracebaton/sqs',
    '@smithy/core',
    '@smithy/smithy-client',
    '@smithy/middleware-stack',
  ],
}

/**
 * What can be told from a project's files alone, without running it.
 *
 * @param isLoaded whether this process has loaded a client: then what traces it is seen there
 */
export function diagnoseFiles(folder: string, isLoaded: (client: string) => boolean = () => false): Diagnosis[] {
  const pairs = Object.entries(instrumentations)
  const adapters = [...pairs.map(([, [, ours]]) => ours), '@tracebaton/bullmq']
  const installed = findInstalled(
    folder,
    new Set([
      api,
      ...Object.keys({ ...testedVersions, ...untracedClients, ...instrumentations }),
      ...adapters,
      ...otherTracers.map(({ name }) => name),
      ...sdkPackages,
    ]),
  )
  const named = (name: string): readonly Installed[] => installed.filter((copy) => copy.name === name)
  const isThere = (name: string): boolean => named(name).length > 0
  return [
    diagnoseCopies(named(api), folder),
    ...diagnoseSdk(installed),
    ...Object.keys(testedVersions).flatMap((name) => named(name).map(diagnoseVersion)),
    ...Object.entries(untracedClients)
      .filter(([name]) => isThere(name))
      .map(([name, other]) => doubtful('client-version', `${name} is not traced yet.`, `What is sent by ${other} is.`)),
    ...diagnoseAliases(folder),
    ...pairs
      .filter(([name, [client, ours]]) => [name, client, ours].every(isThere) && !isLoaded(client))
      .map(([name, [client, ours]]) => bothInstalled(name, client, ours)),
    ...(adapters.some(isThere) ? diagnoseInstalledTracers(isThere) : []),
  ]
}

function diagnoseCopies(copies: readonly Installed[], folder: string): Diagnosis {
  const versions = [...new Set(copies.map(({ version }) => version))].toSorted()
  if (copies.length === 0) {
    return ill('api-copies', `${api} is not installed: nothing can be traced.`, `npm install ${api}`)
  }
  if (versions.length === 1) return well('api-copies', `All code uses ${api} ${versions[0]}.`)
  const places = copies.map(({ version, folder: place }) => `${version} in ${relative(folder, place) || '.'}`)
  return doubtful(
    'api-copies',
    `There are ${versions.length} versions of ${api}: ${places.join(', ')}.`,
    `Code with a newer one than the SDK's sees no SDK, and an SDK with another one cannot register: npm ls ${api}, then npm dedupe or overrides.`,
  )
}

function diagnoseVersion({ name, version }: Installed): Diagnosis {
  const range = testedVersions[name] ?? ''
  if (isWithin(version, range)) {
    return well('client-version', `${name} ${version} is within the tested range ${range}.`)
  }
  return doubtful(
    'client-version',
    `${name} ${version} is outside of the tested range ${range}.`,
    'It may work; run your propagation tests, or install a version of the range.',
  )
}

function bothInstalled(name: string, client: string, ours: string): Diagnosis {
  return doubtful(
    'instrumentation',
    `${name} is installed beside ${ours}: if both are active, everything on ${client} is traced twice.`,
    `Disable it: getNodeAutoInstrumentations({ '${name}': { enabled: false } }), or inPlaceOfOfficial([…]) of @tracebaton/instrumentation.`,
  )
}

/** Clients that the project installs under other names, where it has the instrumentation. */
function diagnoseAliases(folder: string): Diagnosis[] {
  const manifest = manifestIn(folder)
  const dependencies = { ...Object(manifest['dependencies']), ...Object(manifest['devDependencies']) } as object
  if (!('@tracebaton/instrumentation' in dependencies)) return []
  return Object.entries(dependencies).flatMap(([name, range]) => {
    const client = /^npm:(.+?)(?:@[^@]*)?$/.exec(String(range))?.[1] ?? name
    return client !== name && Object.hasOwn(testedVersions, client) ? [otherName(client, name, doubtful)] : []
  })
}
