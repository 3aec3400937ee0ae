export { otlpJsonLines } from './otlp/json-lines.ts'
export { readOtlp } from './large/read-otlp.ts'
export type { OtlpInput, OtlpProblem, ReadOtlpOptions } from './large/read-otlp.ts'
