/**
 * State that there is one of in a process, even where a package is loaded both as an ES module and as CommonJS.
 *
 * @param name with a version of the state's shape
 */
export function processWide<State>(name: string, create: () => State): State {
  const home = globalThis as { [key: symbol]: unknown }
  return (home[Symbol.for(name)] ??= create()) as State
}
