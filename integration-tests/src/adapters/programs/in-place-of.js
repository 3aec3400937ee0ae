// Loads another version of a client for those who import it: node --import in-place-of.js, with the variable below.
import { register } from 'node:module'

const [name, url] = JSON.parse(process.env.TRACEBATON_IN_PLACE_OF)
const hook = `export const resolve = (specifier, context, next) =>
  specifier === ${JSON.stringify(name)} ? { url: ${JSON.stringify(url)}, shortCircuit: true } : next(specifier, context)`
register(`data:text/javascript,${encodeURIComponent(hook)}`)
