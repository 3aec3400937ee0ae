import { join } from 'node:path'
import { backendNames, brokerNames, givenImage, type ServerName } from './broker-names.ts'
import { lastLine, run, succeeds } from './command.ts'
import { announced, say } from './progress.ts'
import { pull } from './pull.ts'

/** The folder of the Dockerfiles. */
export const imagesFolder: string = join(import.meta.dirname, '../images')

const official: Readonly<Record<ServerName, string>> = {
  collector: 'otel/opentelemetry-collector-contrib:0.155.0',
  jaeger: 'jaegertracing/jaeger:2.13.0',
  kafka: 'apache/kafka:4.3.0',
  postgres: 'postgres:17',
  prometheus: 'prom/prometheus:v3.5.0',
  rabbitmq: 'rabbitmq:4-management',
  redis: 'redis:8',
  sqs: 'softwaremill/elasticmq:1.7.1',
  zipkin: 'openzipkin/zipkin:3.6.1',
}

/** An image per server. */
export type Images = ReadonlyMap<ServerName, string>

/** Whether an image is there already. Never rejects. */
export function hasImage(image: string): Promise<boolean> {
  return succeeds('docker', ['image', 'inspect', image])
}

/** Whether an image was built here, for want of an image registry. */
export function isBuiltHere(image: string): boolean {
  return image.startsWith('tracebaton/')
}

/**
 * Finds an image for each server: the one given in the environment, else the official one if it is there, else one
 * built here if it is there, else the official one pulled, else one built now. Rejects when none can be had.
 */
export async function findImages(names: readonly ServerName[]): Promise<Images> {
  const found = new Map<ServerName, string>()
  const builtHere = await localImages(['--tags', ...names])
  await Promise.all(
    names.map(async (name) => {
      const image = await presentImage(name, builtHere.get(name))
      if (image !== undefined) {
        found.set(name, image)
      }
    }),
  )
  const missing = names.filter((name) => !found.has(name))
  const refusals = await Promise.all(
    missing.map(async (name) => {
      const refusal = await announced(`pulling ${official[name]}`, () => pull(official[name]))
      if (refusal === undefined) {
        found.set(name, official[name])
      }
      return refusal
    }),
  )
  const unavailable = missing.filter((name) => !found.has(name))
  if (unavailable.length > 0) {
    const reason = refusals.find((refusal) => refusal !== undefined)
    say(`no image to be pulled for ${unavailable.join(', ')} (${reason}); building`)
    for (const [name, image] of await localImages(unavailable)) {
      found.set(name, image)
    }
  }
  return found
}

async function presentImage(name: ServerName, builtHere: string | undefined): Promise<string | undefined> {
  const given = givenImage(name)
  if (given !== undefined) {
    return given
  }
  for (const image of [official[name], builtHere]) {
    // oxlint-disable-next-line no-await-in-loop -- in order of preference
    if (image !== undefined && (await hasImage(image))) {
      return image
    }
  }
  return undefined
}

// The script decides on names and on what is missing, so that it does the same when called by hand.
async function localImages(parameters: readonly string[]): Promise<Map<ServerName, string>> {
  const script = join(imagesFolder, 'build')
  const result = await run(script, parameters, {
    onLine: (line) => {
      if (line.startsWith('images: ')) {
        say(line)
      }
    },
  })
  if (result.code !== 0) {
    throw new Error(
      `Images cannot be built: ${lastLine(result.stderr)}. ` +
        'Give image names in TRACEBATON_KAFKA_IMAGE and so on, or addresses in TRACEBATON_KAFKA and so on.',
    )
  }
  const images = new Map<ServerName, string>()
  for (const line of result.stdout.trim().split('\n')) {
    const [name, image] = line.split(' ')
    const server = [...brokerNames, ...backendNames].find((known) => known === name)
    if (server !== undefined && image !== undefined) {
      images.set(server, image)
    }
  }
  return images
}
