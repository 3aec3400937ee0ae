import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backendNames, type BackendName, givenAddress, givenImage } from '../broker-names.ts'
import type { Images } from '../images.ts'
import { allOrNone, prepareServers, startServer } from '../servers.ts'
import { startNetwork } from './network.ts'
import { backendRecipes } from './recipes.ts'

/** The backends of a run: where each is reached from here. */
export interface BackendAddresses {
  /** Takes OTLP over HTTP. */
  readonly collector: string
  /** Where the Collector writes its files. */
  readonly files: string
  readonly zipkin: string
  readonly prometheus: string
  /** Jaeger is there where its address is given or where it is asked for. */
  readonly jaeger: string | undefined
  /** The image of Prometheus, which has promtool; `undefined` where its address was given, and no image. */
  readonly prometheusImage: string | undefined
}

/** Backends that run. Disposing them removes what was started for them. */
export interface Backends extends AsyncDisposable {
  readonly addresses: BackendAddresses
}

/**
 * Finds the Collector, Zipkin and Prometheus, and Jaeger where `TRACEBATON_JAEGER`, `TRACEBATON_JAEGER_IMAGE` or
 * `TRACEBATON_WITH_JAEGER` says so. A backend whose address is given is used as it is; the others are started in
 * containers. Rejects when one cannot be had.
 */
export async function startBackends(): Promise<Backends> {
  const wanted = backendNames.filter((name) => name !== 'jaeger' || wantsJaeger())
  const missing = wanted.filter((name) => givenAddress(name) === undefined)
  const started = missing.length === 0 ? undefined : await startContainers(missing)
  const address = (name: BackendName): string => givenAddress(name) ?? started?.addresses.get(name) ?? ''
  return {
    addresses: {
      collector: address('collector'),
      files: givenFiles() ?? started?.folder ?? '',
      zipkin: address('zipkin'),
      prometheus: address('prometheus'),
      jaeger: wantsJaeger() ? address('jaeger') : undefined,
      prometheusImage: started?.images.get('prometheus') ?? givenImage('prometheus'),
    },
    async [Symbol.asyncDispose]() {
      await started?.[Symbol.asyncDispose]()
    },
  }
}

interface Containers extends AsyncDisposable {
  readonly images: Images
  readonly addresses: ReadonlyMap<BackendName, string>
  readonly folder: string
}

async function startContainers(names: readonly BackendName[]): Promise<Containers> {
  const images = await prepareServers(names)
  const network = await startNetwork()
  const folder = await mkdtemp(join(tmpdir(), 'tracebaton-backends-'))
  // The Collector of the image runs as a user that this machine does not know.
  await chmod(folder, 0o777)
  const recipes = backendRecipes({ network: network.name, folder, ...endpoints() })
  const removeRest = async (): Promise<void> => {
    await network[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const starting = names.map((name) => startServer(name, images, recipes[name]))
    const containers = await allOrNone(starting, (container) => container.remove())
    return {
      images,
      addresses: new Map(names.map((name, index) => [name, containers[index]?.address ?? ''])),
      folder,
      async [Symbol.asyncDispose]() {
        await Promise.all(containers.map((container) => container.remove()))
        await removeRest()
      },
    }
  } catch (error) {
    await removeRest()
    throw error
  }
}

function wantsJaeger(): boolean {
  const asked = process.env['TRACEBATON_WITH_JAEGER'] ?? givenAddress('jaeger') ?? givenImage('jaeger')
  return asked !== undefined && asked !== ''
}

/** A Collector that is given by its address writes its files somewhere. */
function givenFiles(): string | undefined {
  if (givenAddress('collector') === undefined) return undefined
  const folder = process.env['TRACEBATON_COLLECTOR_FILES']
  if (folder) return folder
  throw new Error('TRACEBATON_COLLECTOR names a Collector: name the folder of its files in TRACEBATON_COLLECTOR_FILES.')
}

/** Where the Collector finds the others: by name, as in the compose file, or at the address that was given. */
function endpoints(): { jaegerEndpoint: string; zipkinEndpoint: string } {
  const jaeger = givenAddress('jaeger')
  const host = jaeger === undefined ? 'jaeger' : new URL(jaeger).hostname
  return {
    // Without a Jaeger, the Collector takes what is meant for it itself, see files.yaml.
    jaegerEndpoint: wantsJaeger() ? `http://${host}:4318` : 'http://localhost:14318',
    zipkinEndpoint: givenAddress('zipkin') ?? 'http://zipkin:9411',
  }
}
