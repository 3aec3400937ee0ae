// Compiles every TypeScript and JavaScript example of the documentation, each as a module of its own.
// What an example takes for granted stands in a comment right before it: <!-- given: declare const queueUrl: string -->
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { examplesIn } from './examples-in.js'
import { runTool } from './run.js'

const FOLDER = '.docs-check'
const OPTIONS = {
  noEmit: true,
  isolatedDeclarations: false,
  declaration: false,
  declarationMap: false,
  noPropertyAccessFromIndexSignature: false,
  noUnusedLocals: false,
  noUnusedParameters: false,
}

const markdown = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `${folder}/${file}`)
const orNothing = (read) => {
  try {
    return read()
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}

const pages = [
  'README.md',
  ...readdirSync('packages').map((name) => `packages/${name}/README.md`),
  ...orNothing(() => markdown('docs')),
]
const examples = pages.flatMap((page) => orNothing(() => examplesIn(page, readFileSync(page, 'utf8'))))

/** What examples import that is not installed here. Tests install it, and run them. */
const ELSEWHERE = `
declare module '@opentelemetry/auto-instrumentations-node' {
  export function getNodeAutoInstrumentations(): import('@opentelemetry/instrumentation').Instrumentation[]
}
declare module '@opentelemetry/sdk-node' {
  export class NodeSDK {
    constructor(options: { instrumentations: import('@opentelemetry/instrumentation').Instrumentation[] | import('@opentelemetry/instrumentation').Instrumentation[][] })
    start(): void
    shutdown(): Promise<void>
  }
}
declare module 'dd-trace' {
  const tracer: {
    init(): void
    use(plugin: string, settings: object | boolean): void
    readonly TracerProvider: new () => { register(): void }
  }
  export default tracer
}
`

rmSync(FOLDER, { recursive: true, force: true })
mkdirSync(FOLDER)
writeFileSync(`${FOLDER}/package.json`, '{ "type": "module" }\n')
const files = examples.map(({ page, line, code }) => {
  const file = `${page.replaceAll('/', '+')}.${line}.ts`
  writeFileSync(`${FOLDER}/${file}`, code)
  return file
})
writeFileSync(`${FOLDER}/elsewhere.d.ts`, ELSEWHERE)
const configuration = {
  extends: '../tsconfig.base.json',
  compilerOptions: OPTIONS,
  files: [...files, 'elsewhere.d.ts'],
}
writeFileSync(`${FOLDER}/tsconfig.json`, JSON.stringify(configuration))

if (examples.length > 0) {
  const { code, output } = await runTool('Compiling the examples', 'typescript/bin/tsc', ['-p', FOLDER])
  process.stdout.write(
    output.replaceAll(
      /\.docs-check\/(\S+?)\.\d+\.ts\((\d+),\d+\)/g,
      (_, page, line) => `${page.replaceAll('+', '/')}:${line}`,
    ),
  )
  process.exitCode = code
}
console.log(`examples compiled: ${examples.length}`)
