/** How one message is sent and received. */
export interface Exchange {
  /** Of the project. */
  readonly load: (name: string) => unknown
  readonly address: string
  readonly client: unknown
  /** Written by hand; undefined: the client is to write its own. */
  readonly fields: Readonly<Record<string, string>> | undefined
  /** A name that nobody else uses. */
  readonly name: string
  /** Rejects when the time is over: what is awaited must not outlast it, so that everything is closed again. */
  readonly stopped: Promise<never>
  /** Runs the send itself. */
  readonly within: <Result>(send: () => Result) => Result
}

/** Header fields as the client gives them: names in any letter case, values as text or bytes. */
export type Headers = Readonly<Record<string, unknown>>
