const { Connection, setUp } = require('./model.js')

exports.connect = function connect(url, options, opened) {
  const callback = typeof options === 'function' ? options : opened
  const connection = new Connection()
  setImmediate(async () => {
    await setUp(options, connection)
    callback(null, connection)
  })
  return options?.recovery === undefined ? undefined : connection
}
