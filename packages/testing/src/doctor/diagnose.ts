import type { Diagnosis } from './diagnosis.ts'
import { diagnoseClients } from './clients.ts'
import { diagnoseFiles } from './files.ts'
import { isOf, loadedModules } from './loaded.ts'
import { diagnoseNotPatched } from './not-patched.ts'
import { diagnosePatched } from './patched.ts'
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
   * Whether this process is the application: its SDK and what it has loaded are then looked at too.
   *
   * @default true
   */
  readonly process?: boolean
  /**
   * Clients of the application: workers of BullMQ, clients of SQS. Others say nothing here; see `roundTrips`.
   *
   * @default none
   */
  readonly clients?: readonly unknown[]
  /**
   * Brokers through which a message is sent and received, to see what becomes of its headers.
   *
   * @default none
   */
  readonly roundTrips?: readonly RoundTripTarget[]
}

/**
 * Says what is wrong, or right, with the tracing of messages in a project, in the process that calls this, and of the
 * clients given. Nothing is patched. Never rejects.
 */
export async function diagnose(options: DiagnoseOptions = {}): Promise<readonly Diagnosis[]> {
  const { folder = process.cwd(), process: live = true, clients = [], roundTrips = [] } = options
  const found = [...(live ? diagnoseApplication(folder) : diagnoseFiles(folder)), ...diagnoseClients(clients)]
  for (const target of roundTrips) found.push(await diagnoseRoundTrip(target, folder))
  return found
}

/** Without brokers, and therefore at once. */
export function diagnoseApplication(folder: string): Diagnosis[] {
  const files = loadedModules().map(([file]) => file)
  const isLoaded = (client: string): boolean => files.some((file) => isOf(file, client))
  return [...diagnoseFiles(folder, isLoaded), ...diagnoseProcess(folder)]
}

/** Without files of the project. */
export function diagnoseProcess(folder: string = process.cwd()): Diagnosis[] {
  return [...diagnoseRegistered(), ...diagnosePatched(), ...diagnoseNotPatched(folder)]
}
