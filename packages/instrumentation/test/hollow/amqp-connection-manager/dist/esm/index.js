import ChannelWrapper from './ChannelWrapper.js'

export const createChannel = () => new ChannelWrapper()
