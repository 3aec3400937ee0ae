// SDK 2 with a recorder, and everything that it registers. Programs that run on SDK 3 have another file of this name.
const { NodeTracerProvider } = require('@opentelemetry/sdk-trace-node')

exports.start = (recorder) => {
  const provider = new NodeTracerProvider({ spanProcessors: [recorder] })
  provider.register()
  return provider
}
