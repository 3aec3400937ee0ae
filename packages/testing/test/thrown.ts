import { TraceAssertionError } from '../src/assertions/assertion-error.ts'

/** What an assertion throws. */
export function thrown(assert: () => unknown): TraceAssertionError {
  try {
    assert()
  } catch (error) {
    if (error instanceof TraceAssertionError) return error
    throw error
  }
  throw new Error('It did not throw')
}
