import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { createRecorder, type Recorder } from '@tracebaton/testing'

/** What the tests without a broker share. */
export const recorder: Recorder = createRecorder()
export const tracerProvider: BasicTracerProvider = new BasicTracerProvider({ spanProcessors: [recorder] })
export const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
