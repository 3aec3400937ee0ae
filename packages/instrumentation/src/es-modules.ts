/** A class in an ES module, which the module itself has to hand over: from outside nobody can replace what it exports. */
export interface EsModule {
  /** The file's path below `node_modules`, with `/`. */
  readonly file: string
  /** What the class is called in the file. */
  readonly binding: string
  /** What it is exported as. */
  readonly name: string
}

/** The key below which files ask that Node does not compile as CommonJS. */
export const PATCH = 'tracebaton.instrumentation.patch.0'

const ASK = `(globalThis[Symbol.for('${PATCH}')] ?? ((_, exports) => exports))`

/** What is added to a CommonJS file, so that it asks the instrumentations of the process for its exports. */
export function lineForCommonJs(file: string): string {
  return `\n;module.exports = ${ASK}(${JSON.stringify(file)}, module.exports);\n`
}

/** The same for an ES module. A class that is declared may be replaced; where it is something else, it stays. */
export function lineForEsModule({ file, binding, name }: EsModule): string {
  const answer = `${ASK}(${JSON.stringify(file)}, { ${name}: ${binding} }).${name}`
  return `\n;try { ${binding} = ${answer} } catch {}\n`
}

export const CONSUMER: EsModule = {
  file: 'sqs-consumer/dist/esm/consumer.js',
  binding: 'Consumer',
  name: 'Consumer',
}

export const CHANNEL_WRAPPER: EsModule = {
  file: 'amqp-connection-manager/dist/esm/ChannelWrapper.js',
  binding: 'ChannelWrapper',
  name: 'default',
}

/** Bundlers that are told to prefer `module` take these. Node itself takes the CommonJS files of these clients. */
const BUNDLED: readonly EsModule[] = [
  { file: '@aws-sdk/client-sqs/dist-es/SQSClient.js', name: 'SQSClient' },
  { file: 'bullmq/dist/esm/classes/flow-producer.js', name: 'FlowProducer' },
  { file: 'bullmq/dist/esm/classes/queue.js', name: 'Queue' },
  { file: 'bullmq/dist/esm/classes/worker.js', name: 'Worker' },
].map(({ file, name }) => ({ file, binding: name, name }))

/** The ES modules among the packages whose classes are traced. */
export const ES_MODULES: readonly EsModule[] = [CONSUMER, CHANNEL_WRAPPER, ...BUNDLED]
