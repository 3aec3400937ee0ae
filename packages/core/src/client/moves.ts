import { codedError } from '../base/errors.ts'
import type { Move } from '../verdict/delivery.ts'

const UNKNOWN: Readonly<Record<Move['kind'], string>> = {
  retry: 'It is unknown where this message came from: retryLater(…, { to })',
  dead_letter: 'deadLetter does not know where to send this message: deadLetter(…, { to })',
  redrive: 'This message does not say where it was before it became a dead letter: redrive(…, { to })',
}

/** What a move rejects with where neither its caller nor the message says where it goes. */
export function rejectWithoutDestination(kind: Move['kind']): Promise<never> {
  return Promise.reject(codedError('ERR_TRACEBATON_DESTINATION', UNKNOWN[kind]))
}
