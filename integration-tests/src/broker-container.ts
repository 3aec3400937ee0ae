import {
  GenericContainer,
  getContainerRuntimeClient,
  type StartedTestContainer,
  Wait,
  type WaitStrategy,
} from 'testcontainers'
import { freePort } from './free-port.ts'
import { ownerLabels } from './leftovers.ts'
import type { Endpoint, Recipe } from './recipes.ts'

/** A broker, or another server, running in a container of ours. */
export interface BrokerContainer {
  readonly address: string
  /** Stops it, kindly for up to 10 s, and starts it again. Rejects when it does not come back within 60 s. */
  restart(): Promise<void>
  /** Removes it. Rejects when Docker refuses. */
  remove(): Promise<void>
}

/**
 * Starts a container and resolves when the broker in it takes clients. Rejects after 60 s, or when it cannot be started,
 * with the last lines that the broker printed.
 */
export async function startContainer(image: string, recipe: Recipe): Promise<BrokerContainer> {
  const { info } = await getContainerRuntimeClient()
  const { host } = info.containerRuntime
  for (let attempt = 1; ; attempt++) {
    /* oxlint-disable no-await-in-loop -- again only when somebody else took the port */
    const endpoint = { host, port: await freePort() }
    const printed: string[] = []
    try {
      const container = await start(image, recipe, endpoint, printed)
      return { address: recipe.address(endpoint), ...lifetime(image, container) }
    } catch (error) {
      if (attempt === 3 || !/port is already allocated|address already in use/.test(String(error))) {
        throw failure(`${image} does not start`, error, printed)
      }
    }
    /* oxlint-enable no-await-in-loop */
  }
}

// The host port is ours to choose: an ephemeral one would change with every restart.
async function start(
  image: string,
  recipe: Recipe,
  endpoint: Endpoint,
  printed: string[],
): Promise<StartedTestContainer> {
  const container = new GenericContainer(image)
    .withExposedPorts({ container: recipe.port, host: endpoint.port })
    .withEnvironment(recipe.environment?.(endpoint) ?? {})
    .withCopyContentToContainer((await recipe.files?.(endpoint)) ?? [])
    .withLabels({ ...ownerLabels })
    .withLogConsumer((stream) => {
      stream.on('data', (chunk: Buffer) => {
        printed.push(chunk.toString())
        printed.splice(0, printed.length - 50)
      })
    })
    .withWaitStrategy(readiness(recipe).withStartupTimeout(60_000))
  if (recipe.command !== undefined) {
    container.withCommand([...recipe.command])
  }
  if (recipe.folder !== undefined) {
    container.withBindMounts([{ ...recipe.folder, mode: 'rw' }])
  }
  if (recipe.network !== undefined) {
    container.withNetworkMode(recipe.network.name).withNetworkAliases(recipe.network.alias)
  }
  return container.start()
}

function readiness({ ready, check }: Recipe): WaitStrategy {
  return check === undefined ? Wait.forLogMessage(ready) : Wait.forSuccessfulCommand(check)
}

function lifetime(image: string, container: StartedTestContainer): Pick<BrokerContainer, 'restart' | 'remove'> {
  let failed = false
  return {
    async restart() {
      try {
        await container.restart({ timeout: 10_000 })
      } catch (error) {
        failed = true
        throw failure(`${image} does not restart`, error, [])
      }
    },
    async remove() {
      try {
        await container.stop()
      } catch (error) {
        // Testcontainers removes a container that does not come back from a restart.
        if (!failed) {
          throw error
        }
      }
    },
  }
}

function failure(what: string, error: unknown, printed: readonly string[]): Error {
  const lastLines = printed.join('').trimEnd().split('\n').slice(-20)
  return new Error([`${what}: ${String(error)}`, ...lastLines].join('\n').trimEnd(), { cause: error })
}
