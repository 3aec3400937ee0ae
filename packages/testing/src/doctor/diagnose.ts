import type { Diagnosis } from './diagnosis.ts'
import { diagnoseFiles } from './files.ts'
import { diagnoseClients } from './live.ts'
import { diagnoseRegistered } from './registered.ts'
import { diagnoseRoundTrip, type RoundTripTarget } from './round-trip.ts'

/** What to look at. */
export interface DiagnoseOptions {
  /**
   * Where the project's packages are.
   *
   * @default the current folder
   */
  readonly folder?: string
  /**
   * Whether this process is the application: its SDK and its clients are then looked at too.
   *
   * @default true
   */
  readonly process?: boolean
  /**
   * Brokers through which a message is sent and received, to see what becomes of its headers.
   *
   * @default none
   */
  readonly roundTrips?: readonly RoundTripTarget[]
}

/**
 * Says what is wrong, or right, with the tracing of messages in a project, and in the process that calls this once its
 * clients are there. Nothing is patched. Never rejects.
 */
export async function diagnose(options: DiagnoseOptions = {}): Promise<readonly Diagnosis[]> {
  const { folder = process.cwd(), process: live = true, roundTrips = [] } = options
  const found = [...diagnoseFiles(folder), ...(live ? diagnoseProcess() : [])]
  for (const target of roundTrips) found.push(await diagnoseRoundTrip(target, folder))
  return found
}

/** Without files and brokers, and therefore at once. */
export function diagnoseProcess(): Diagnosis[] {
  return [...diagnoseRegistered(), ...diagnoseClients()]
}
