/**
 * What two loads of core share in a process, under the version of its shape: two formats of one version, or two versions
 * that adapters brought. Raise the number with every change of a field, of a type or of a meaning, also of what a value
 * refers to. What has another number is not read: a link may be missing then, and never is anything wrong.
 *
 * Adapters name what they share the same way, next to it: `tracebaton.<adapter>.<name>.<version>`.
 */
export const SHARED = {
  /** In contexts: the work that is going on there, and its messages. */
  work: 'tracebaton.work.4',
  /** In contexts: whether a trace id is random. */
  randomTrace: 'tracebaton.random-trace.1',
  /** By look-alike: the client object behind it. */
  originals: 'tracebaton.originals.1',
  /** Clients that are patched by others, who leave their messages to us. */
  leftToUs: 'tracebaton.left-to-us.1',
  /** By client object: how it is traced. */
  tracings: 'tracebaton.tracings.2',
  /** By options that change: what gives those of the moment, and who follows them. */
  followed: 'tracebaton.followed.1',
  /** Which attempts are forgotten next. */
  attempts: 'tracebaton.attempts.2',
  /** By identity: the latest attempts. */
  identities: 'tracebaton.identities.3',
  /** By what stands in for an identity: attempts whose message may come back. */
  failedAttempts: 'tracebaton.failed-attempts.2',
  /** By consumer group: the attempts on its partitions. */
  groups: 'tracebaton.groups.3',
  /** The attempts that wait to be settled. */
  openAttempts: 'tracebaton.open-attempts.3',
  /** By meter provider: the numbers that wait for its next reading, and the messages at hand. */
  flushers: 'tracebaton.flushers.1',
  /** By scope and label: the values that stand on metrics. */
  labels: 'tracebaton.labels.1',
  /** What `diag` has been told of. */
  said: 'tracebaton.said.1',
} as const

/**
 * State that there is one of in a process, even where a package is loaded both as an ES module and as CommonJS.
 *
 * @param name with a version of the state's shape
 */
export function processWide<State>(name: string, create: () => State): State {
  const home = globalThis as { [key: symbol]: unknown }
  return (home[Symbol.for(name)] ??= create()) as State
}
