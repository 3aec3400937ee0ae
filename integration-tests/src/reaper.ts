import { hasImage, type Images, isBuiltHere } from './images.ts'
import { pull } from './pull.ts'

// The image that the pinned version of Testcontainers starts.
const defaultReaper = 'testcontainers/ryuk:0.14.0'

/**
 * Lets Testcontainers do without its reaper, the container that removes what a dead run left behind, where that image
 * cannot be had. Leftovers are then removed by the next run. Never rejects.
 */
export async function prepareReaper(images: Images): Promise<void> {
  if (process.env['TESTCONTAINERS_RYUK_DISABLED'] !== undefined) {
    return
  }
  const image = process.env['RYUK_CONTAINER_IMAGE'] ?? defaultReaper
  if (await hasImage(image)) {
    return
  }
  const registryRefused = [...images.values()].some(isBuiltHere)
  if (registryRefused || (await pull(image)) !== undefined) {
    process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true'
  }
}
