const { AsyncLocalStorage } = require('node:async_hooks')
const { Connection } = require('./model.js')

exports.connect = async function connect(url, options) {
  const connection = new Connection()
  // What a test looks at: where the client was called.
  connection.openedIn = AsyncLocalStorage.snapshot()
  await options?.recovery?.setup?.(connection)
  return connection
}
exports.credentials = {}
