import { expect, test } from 'vitest'
import { scopes } from '../scopes.js'

test('the scope of each package names the package and its version', () => {
  expect(scopes().map(({ name }) => name)).toEqual(
    ['amqp', 'bullmq', 'core', 'instrumentation', 'kafka', 'sqs', 'testing'].map((name) => `@tracebaton/${name}`),
  )
  for (const { source, name, version } of scopes())
    expect(source).toContain(`{ name: '${name}', version: '${version}' }`)
})
