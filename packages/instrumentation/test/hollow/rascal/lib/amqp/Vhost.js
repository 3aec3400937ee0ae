const REQUESTS = ['borrowChannel', 'borrowConfirmChannel', 'getChannel', 'getConfirmChannel']

/** Lends a channel to one request at a time: whoever has waited is answered in the context of the one before. */
exports.create = function create(config, components, created) {
  const waiting = []
  const answer = () => {
    setImmediate(() => {
      waiting[0](null, config.channel)
      waiting.shift()
      if (waiting.length > 0) answer()
    })
  }
  const vhost = { name: config.name }
  for (const name of REQUESTS) {
    vhost[name] = function (next) {
      if (waiting.push(next) === 1) answer()
    }
  }
  setImmediate(() => created(config.name === '' ? new Error('no vhost') : null, config.name === '' ? undefined : vhost))
}
