/**
 * State that there is one of in a process, however often this package is loaded. Core has the same; it is not asked,
 * because it is loaded only when a client is.
 *
 * @param name with a version of the state's shape
 */
export function processWide<State>(name: string, create: () => State): State {
  const home = globalThis as { [key: symbol]: unknown }
  return (home[Symbol.for(name)] ??= create()) as State
}
