// As a compiler writes it: the exports are getters.
for (const file of ['queue', 'flow-producer', 'worker', 'child-processor']) {
  const module = require(`./classes/${file}.js`)
  for (const name of Object.keys(module))
    Object.defineProperty(exports, name, { enumerable: true, get: () => module[name] })
}
