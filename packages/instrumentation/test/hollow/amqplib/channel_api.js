const { AsyncLocalStorage } = require('node:async_hooks')
const { Connection, setUp } = require('./model.js')

exports.connect = async function connect(url, options) {
  const connection = new Connection()
  // What a test looks at: where the client was called.
  connection.openedIn = AsyncLocalStorage.snapshot()
  await setUp(options, connection)
  return connection
}
exports.credentials = {}
