import { ill, type Diagnosis } from './diagnosis.ts'
import { instrumentations } from './files.ts'
import { isSpared } from './hook.ts'
import { isOf, loadedModules } from './loaded.ts'
import { diagnoseFollowed } from './other-tracers.ts'

/** Others that trace the same clients in this process, by what they leave on the functions that they patch, or listen to. */
export function diagnosePatched(): Diagnosis[] {
  if (!usesTracebaton()) return []
  const loaded = loadedModules()
  const patched = Object.entries(instrumentations).flatMap(([name, [client, ours, ...packages]]) => {
    // What it does for SQS may have been taken off; a plain span of each call stays.
    if (name.endsWith('-aws-sdk') && isSpared('sqs')) return []
    const isActive = loaded.some(([file, exported]) => packages.some((one) => isOf(file, one)) && isPatched(exported))
    if (!isActive) return []
    const finding = `${client} is patched by another instrumentation, as ${name} does it, in a process that uses tracebaton: everything has two spans.`
    const advice = `Disable it where ${ours} is used: getNodeAutoInstrumentations({ '${name}': { enabled: false } }), or inPlaceOfOfficial([…]) of @tracebaton/instrumentation.`
    return [ill('instrumentation', finding, advice)]
  })
  return [...patched, ...diagnoseFollowed()]
}

// Core keeps what there is one of in a process under symbols of this name.
function usesTracebaton(): boolean {
  return Object.getOwnPropertySymbols(globalThis).some((symbol) => symbol.description?.startsWith('tracebaton.'))
}

/** Whether a function of a module, or a method of a class of it, is another function in disguise. */
function isPatched(exported: unknown): boolean {
  if ((typeof exported !== 'object' && typeof exported !== 'function') || exported === null) return false
  try {
    // What compilers make of `export … from` is a getter of the module, so its values are asked for.
    return [exported, ...Object.values(exported)].some((value) => isWrapped(value) || methodsOf(value).some(isWrapped))
  } catch {
    return false
  }
}

// The mark of `shimmer`, which all official instrumentations use.
function isWrapped(value: unknown): boolean {
  return typeof value === 'function' && Object.getOwnPropertyDescriptor(value, '__wrapped')?.value === true
}

function methodsOf(value: unknown): unknown[] {
  if (typeof value !== 'function' || typeof value.prototype !== 'object') return []
  return Object.values(Object.getOwnPropertyDescriptors(value.prototype ?? {})).map((one): unknown => one.value)
}
