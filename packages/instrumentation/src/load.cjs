// Not TypeScript, because there it would have to be written twice: an ES module has no `require`.
exports.load = require
exports.LOADER = require('node:path').join(__dirname, '../esm/loader.js')
