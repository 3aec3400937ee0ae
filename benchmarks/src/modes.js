import { context, metrics, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { AlwaysOffSampler, AlwaysOnSampler, BasicTracerProvider } from '@opentelemetry/sdk-trace-base'

/** How telemetry may be set up. With `metrics` every span is sampled, too. */
export const MODES = ['sampled', 'not sampled', 'no SDK', 'metrics']

/** Metrics are collected when asked for, and go nowhere. */
class Reader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

/**
 * Registers what an SDK registers. Ended spans go nowhere.
 *
 * @param through gets each part, with its noun, and gives what is registered in its place
 * @returns what to call from time to time: collects the metrics, if there are any
 */
export function setUp(mode, through = (part) => part) {
  if (mode === 'no SDK') return async () => {}
  context.setGlobalContextManager(through(new AsyncLocalStorageContextManager().enable(), 'contextManager'))
  const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()]
  propagation.setGlobalPropagator(through(new CompositePropagator({ propagators }), 'propagator'))
  const nowhere = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} }
  const sampler = mode === 'not sampled' ? new AlwaysOffSampler() : new AlwaysOnSampler()
  trace.setGlobalTracerProvider(
    through(new BasicTracerProvider({ sampler, spanProcessors: [nowhere] }), 'tracerProvider'),
  )
  if (mode !== 'metrics') return async () => {}
  const reader = new Reader()
  metrics.setGlobalMeterProvider(through(new MeterProvider({ readers: [reader] }), 'meterProvider'))
  return () => reader.collect()
}
