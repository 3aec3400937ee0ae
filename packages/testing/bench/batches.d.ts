/** What was written, and what of it has to be found. */
export interface BatchesTruth {
  readonly spans: number
  readonly bytes: number
  readonly batches: number
  readonly batchLinks: number
  /** Attempts that lead to no send: `connected`. */
  readonly lost: number
  /** Attempts that are numbered with a gap: `attempts-in-order`. */
  readonly gaps: number
  /** Batches that link a span which is not there: `no-dangling-links`. */
  readonly dangling: number
  /** Batches that link a send twice: `batch-links`. */
  readonly repeated: number
}

/** Writes a file with so many spans at least, the same ones for the same seed. */
export function generateBatches(
  file: string,
  options: { readonly spans: number; readonly seed: number; readonly members?: boolean },
): BatchesTruth
