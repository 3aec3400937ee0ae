// oxlint-disable-next-line import/no-empty-named-blocks, unicorn/require-module-specifiers -- the declaration below needs it
import type {} from 'expect'
import type { TraceMatchers } from './assertions/matchers.ts'

export { matchers } from './assertions/matchers.ts'
export type { Matcher, MatcherResult, TraceMatchers } from './assertions/matchers.ts'

declare module 'expect' {
  // oxlint-disable-next-line typescript/consistent-type-definitions, typescript/no-empty-object-type, no-unused-vars -- merged with the declaration in expect, letter by letter
  interface Matchers<R extends void | Promise<void>, T = unknown> extends TraceMatchers<R> {}
}

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- the shape of @types/jest
  namespace jest {
    // oxlint-disable-next-line typescript/consistent-type-definitions, typescript/no-empty-object-type, no-unused-vars -- merged with the declaration in @types/jest, letter by letter
    interface Matchers<R, T = {}> extends TraceMatchers<R> {}
  }
}
