import { readFile } from 'node:fs/promises'
import { AMQPLIB } from './amqplib.ts'
import { BULLMQ } from './bullmq.ts'
import { ES_MODULES, lineForCommonJs, lineForEsModule } from './es-modules.ts'
import { KAFKAJS } from './kafkajs.ts'
import { pathInPackages } from './module-hook.ts'
import { SQS } from './sqs.ts'

/** What we use of the plugins of esbuild. */
export interface EsbuildPlugin {
  readonly name: string
  readonly setup: (build: {
    onLoad(
      options: { filter: RegExp },
      load: (file: { readonly path: string }) => Promise<{ contents: string; loader: 'js' }>,
    ): void
  }) => void
}

/** What is added to each file. */
const LINES = new Map([
  ...[AMQPLIB, BULLMQ, KAFKAJS, SQS].flatMap(({ patches }) =>
    patches.map(({ file }) => [file, lineForCommonJs(file)] as const),
  ),
  ...ES_MODULES.map((module) => [module.file, lineForEsModule(module)] as const),
])

/** The files in any folder of packages, on Windows, too. */
const FILTER = new RegExp(
  `[\\\\/]node_modules[\\\\/](?:${[...LINES.keys()].map((file) => file.replaceAll('.', '\\.').replaceAll('/', '[\\\\/]')).join('|')})$`,
)

/**
 * A plugin for esbuild that has the clients in a bundle traced, of either format. It adds a line to their files, which asks
 * the instrumentations of the process, and does nothing where there are none. They are not in the bundle: load them first,
 * for example by `node --import @tracebaton/instrumentation/register bundle.js`.
 */
export function tracebatonPlugin(): EsbuildPlugin {
  return {
    name: 'tracebaton',
    setup(build) {
      build.onLoad({ filter: FILTER }, async ({ path }) => {
        const line = LINES.get(pathInPackages(path) ?? '') ?? ''
        return { contents: (await readFile(path, 'utf8')) + line, loader: 'js' }
      })
    },
  }
}
