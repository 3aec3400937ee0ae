import { type BrokerContainer, startContainer } from './broker-container.ts'
import type { ServerName } from './broker-names.ts'
import { ensureDocker } from './docker.ts'
import { findImages, type Images } from './images.ts'
import { removeLeftovers } from './leftovers.ts'
import { announced } from './progress.ts'
import { prepareReaper } from './reaper.ts'
import type { Recipe } from './recipes.ts'

/** Makes sure of Docker and of an image for each server. Rejects when there is none to be had. */
export async function prepareServers(names: readonly ServerName[]): Promise<Images> {
  await ensureDocker()
  const images = await findImages(names)
  await Promise.all([prepareReaper(images), removeLeftovers()])
  return images
}

/** Starts a server in a container, and says so. Rejects when it cannot. */
export async function startServer(name: ServerName, images: Images, recipe: Recipe): Promise<BrokerContainer> {
  const image = images.get(name)
  if (image === undefined) {
    throw new Error(`There is no image for ${name}.`)
  }
  return announced(`starting ${name} (${image})`, () => startContainer(image, recipe))
}

/** Waits for all that are being started. When one of them cannot be, the others are removed again and this rejects. */
export async function allOrNone<Server>(
  starting: readonly Promise<Server>[],
  remove: (server: Server) => PromiseLike<void>,
): Promise<Server[]> {
  const results = await Promise.allSettled(starting)
  const running = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) {
    await Promise.all(running.map(remove))
    throw failed.reason
  }
  return running
}
