import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { createRecorder } from '@tracebaton/testing'

// Loaded before an example of a README: an SDK as programs register it. Prints the spans when the program is done.
const recorder = createRecorder()
new NodeTracerProvider({ spanProcessors: [recorder] }).register()
process.once('beforeExit', () => console.log(`spans ${JSON.stringify(recorder.spans)}`))
