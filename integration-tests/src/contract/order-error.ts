/** What handlers of the scenarios fail with: an error of the application's own, which every client takes for one. */
export class OrderError extends Error {
  override readonly name = 'OrderError'
}
