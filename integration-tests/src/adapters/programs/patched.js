// Has the clients of a program traced without a change of it: node --import patched.js program.js
import { getTracebatonInstrumentations } from '@tracebaton/instrumentation'

globalThis[Symbol.for('tracebaton.tests.instrumentations')] = getTracebatonInstrumentations()
