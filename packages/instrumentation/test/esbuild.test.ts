import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { tracebatonPlugin } from '../src/esbuild.ts'
import { SqsInstrumentation } from '../src/index.ts'
import { installer } from './installed.ts'
import { recorded, withContexts } from './sdk.ts'

withContexts()
const install = installer()

/** What the plugin makes of a file; `undefined`: it does not take it. */
async function built(path: string): Promise<string | undefined> {
  let contents: Promise<{ contents: string }> | undefined
  tracebatonPlugin().setup({
    onLoad({ filter }, load) {
      if (filter.test(path)) contents = load({ path })
    },
  })
  return (await contents)?.contents
}

describe('the plugin', () => {
  it('has the class of an ES module traced, and not without instrumentations', async () => {
    const { folder } = install()
    const text = await built(join(folder, 'node_modules/sqs-consumer/dist/esm/consumer.js'))
    const load = async (name: string): Promise<object> => {
      const file = join(folder, name)
      writeFileSync(file, text ?? '')
      return ((await import(/* @vite-ignore */ pathToFileURL(file).href)) as { readonly Consumer: object }).Consumer
    }
    const bare = await load('bare.mjs')
    recorded(new SqsInstrumentation())
    const traced = await load('traced.mjs')
    expect([bare, traced].map((one) => Object.hasOwn(one, Symbol.hasInstance))).toEqual([false, true])
  })

  it('takes no other file', async () => {
    await expect(built('/app/node_modules/sqs-consumer/dist/esm/index.js')).resolves.toBeUndefined()
    await expect(built('/app/src/kafkajs/index.js')).resolves.toBeUndefined()
  })
})
