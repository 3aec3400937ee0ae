// Is loaded before a program: measures its event loop and its heap, and tells them when it is asked.
const { monitorEventLoopDelay } = require('node:perf_hooks')

const delays = monitorEventLoopDelay({ resolution: 5 })
delays.enable()
process.on('message', () => {
  globalThis.gc?.()
  // Nanoseconds, with the resolution of the timer in them.
  const measures = { p99: delays.percentile(99) / 1e6 - 5, heap: process.memoryUsage().heapUsed }
  delays.reset()
  process.send?.(measures)
})
process.channel?.unref()
