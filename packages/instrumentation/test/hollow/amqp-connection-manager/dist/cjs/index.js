const { default: ChannelWrapper } = require('./ChannelWrapper.js')

exports.createChannel = () => new ChannelWrapper()
