import { readFileSync } from 'node:fs'
import Module, { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileFunction, createContext, type Context } from 'node:vm'
import { expect, it, onTestFinished, vi } from 'vitest'
import { installer } from './installed.ts'

type Package = typeof import('../src/index.ts')
type Compiled = (exports: object, require: (name: string) => unknown, module: object, folder: string) => void

const install = installer()
const INDEX = fileURLToPath(new URL('../dist/cjs/index.js', import.meta.url))

/** Loads this package among the built-in objects of a realm, as Jest does for each file of tests. */
function loadIn(realm: Context): Package {
  const loaded = new Map<string, { exports: object }>()
  const load = (file: string): object => {
    const known = loaded.get(file)
    if (known !== undefined) return known.exports
    const module = { exports: {} }
    loaded.set(file, module)
    const require = createRequire(file)
    const own = (name: string): unknown => (name.startsWith('.') ? load(require.resolve(name)) : require(name))
    const parameters = ['exports', 'require', 'module', '__dirname']
    const compiled = compileFunction(readFileSync(file, 'utf8'), parameters, { parsingContext: realm }) as Compiled
    compiled(module.exports, own, module, dirname(file))
    return module.exports
  }
  return load(INDEX) as Package
}

it('in a realm of its own an instrumentation leaves nothing behind in Node', () => {
  const { folder } = install()
  const spies = (['register', 'registerHooks'] as const)
    .filter((name) => Reflect.has(Module, name))
    .map((name) => vi.spyOn(Module, name as 'register').mockImplementation(() => {}))
  const spied = [...spies, vi.spyOn(process, 'cwd').mockReturnValue(folder)]
  onTestFinished(() => spied.forEach((spy) => spy.mockRestore()))
  const { SqsInstrumentation } = loadIn(createContext({ process }))
  const instrumentation = new SqsInstrumentation()
  instrumentation.disable()
  expect(spies.flatMap((spy) => spy.mock.calls)).toEqual([])
})
