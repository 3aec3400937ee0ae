export { Consumer } from './consumer.js'
