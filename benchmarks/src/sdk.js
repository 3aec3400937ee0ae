import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { AlwaysOffSampler, AlwaysOnSampler, BasicTracerProvider } from '@opentelemetry/sdk-trace-base'

/** How telemetry may be set up. */
export const MODES = ['sampled', 'not sampled', 'no SDK']

/** Registers what an SDK registers. Spans go nowhere when they have ended. */
export function setUp(mode) {
  if (mode === 'no SDK') return
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  )
  const nowhere = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} }
  const sampler = mode === 'sampled' ? new AlwaysOnSampler() : new AlwaysOffSampler()
  trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler, spanProcessors: [nowhere] }))
}
