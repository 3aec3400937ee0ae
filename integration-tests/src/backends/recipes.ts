import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackendName } from '../broker-names.ts'
import { root } from '../packed.ts'
import type { Recipe } from '../recipes.ts'

/** The configurations that the example brings. */
export const exampleFolder: string = join(root, 'examples/backends')

const ownFolder = join(root, 'integration-tests/backends')

/** Seconds that the Collector under test waits before it decides about a trace. */
export const DECISION_WAIT = 4

/** Seconds in the queue from which on the Collector under test keeps a message. */
export const SLOW_QUEUE = 1

/** Where the backends find one another, and where the Collector writes to. */
export interface Place {
  readonly network: string
  readonly folder: string
  /** Where the Collector sends spans to. */
  readonly jaegerEndpoint: string
  readonly zipkinEndpoint: string
}

/** How each backend is started: with the files of the example, and with what the tests add to them. */
export function backendRecipes({
  network,
  folder,
  jaegerEndpoint,
  zipkinEndpoint,
}: Place): Readonly<Record<BackendName, Recipe>> {
  const at = (alias: BackendName): Pick<Recipe, 'address' | 'network'> => ({
    address: ({ host, port }) => `http://${host}:${port}`,
    network: { name: network, alias },
  })
  return {
    collector: {
      ...at('collector'),
      port: 4318,
      ready: /Everything is ready/,
      environment: () => ({
        DECISION_WAIT: `${DECISION_WAIT}s`,
        SLOW_QUEUE: String(SLOW_QUEUE),
        JAEGER_ENDPOINT: jaegerEndpoint,
        ZIPKIN_ENDPOINT: zipkinEndpoint,
      }),
      command: ['collector.yaml', 'collector-zipkin.yaml', 'files.yaml'].map(
        (file) => `--config=/etc/collector/${file}`,
      ),
      files: () => copied('/etc/collector', ['collector.yaml', 'collector-zipkin.yaml'], ['files.yaml']),
      folder: { source: folder, target: '/out' },
    },
    jaeger: {
      ...at('jaeger'),
      port: 16686,
      ready: /Everything is ready/,
      environment: () => ({ JAEGER_LISTEN_HOST: '0.0.0.0' }),
    },
    prometheus: {
      ...at('prometheus'),
      port: 9090,
      ready: /Server is ready to receive web requests/,
      command: [
        '--config.file=/etc/prometheus/prometheus.yml',
        '--storage.tsdb.path=/prometheus',
        '--enable-feature=exemplar-storage',
      ],
      files: () => copied('/etc/prometheus', ['prometheus.yml', 'rules.yml']),
    },
    zipkin: { ...at('zipkin'), port: 9411, ready: /Serving HTTP at|Started ZipkinServer/ },
  }
}

async function copied(
  target: string,
  ofExample: readonly string[],
  own: readonly string[] = [],
): Promise<{ content: string; target: string }[]> {
  const sources = [
    ...ofExample.map((file) => ({ file, source: join(exampleFolder, file) })),
    ...own.map((file) => ({ file, source: join(ownFolder, file) })),
  ]
  return Promise.all(
    sources.map(async ({ file, source }) => ({
      content: await readFile(source, 'utf8'),
      target: `${target}/${file}`,
    })),
  )
}
