import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { commands } from '../../src/cli/run.ts'
import { tracebaton } from './invoke.ts'

test('without a command, or with one that is not there, it says which there are', async () => {
  expect(await tracebaton([])).toMatchObject({ code: 2, error: expect.stringContaining('Usage: tracebaton <command>') })
  expect(await tracebaton(['no-such-command'])).toMatchObject({
    code: 2,
    error: 'There is no command no-such-command. There are check, render, diff, doctor, watch.\n',
  })
  expect(await tracebaton(['--help'])).toMatchObject({
    code: 0,
    out: expect.stringContaining('Usage: tracebaton <command>'),
  })
})

test.each(commands)(
  '$name --help names every option and exit code, in lines that fit',
  async ({ name, options, exitCodes }) => {
    const { code, out } = await tracebaton([name, '--help'])
    expect(code).toBe(0)
    for (const option of options) expect(out).toContain(`--${option.name}`)
    for (const [number, meaning] of exitCodes) expect(out).toContain(`  ${number}  ${meaning}`)
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
  },
)

test('-h is --help', async () => {
  expect(await tracebaton(['-h'])).toEqual(await tracebaton(['--help']))
  expect(await tracebaton(['check', '-h'])).toEqual(await tracebaton(['check', '--help']))
})

test('what Node says of a command line is one sentence here', async () => {
  const { error } = await tracebaton(['check', 'file', '--max', '-1'])
  expect(error).toBe("Option '--max' argument is ambiguous. tracebaton check --help says more.\n")
})

test('--version says which version it is', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
  expect(await tracebaton(['--version'])).toEqual({ code: 0, out: `${version}\n`, error: '' })
})
