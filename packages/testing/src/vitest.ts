// oxlint-disable-next-line import/no-empty-named-blocks, unicorn/require-module-specifiers -- the declaration below needs it
import type {} from 'vitest'
import type { TraceMatchers } from './assertions/matchers.ts'

export { matchers } from './assertions/matchers.ts'
export type { Matcher, MatcherResult, TraceMatchers } from './assertions/matchers.ts'

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions, typescript/no-explicit-any, typescript/no-empty-object-type, no-unused-vars -- merged with the declaration in vitest, letter by letter
  interface Matchers<T = any> extends TraceMatchers {}
}
