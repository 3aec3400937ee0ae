/** Makes messages as a broker would deliver them, each with its own context and offset. */
export function createIncoming(toMessage) {
  let count = 0
  return () => {
    count += 1
    const id = count.toString(16)
    const traceparent = `00-0af7651916cd43dd${id.padStart(16, '0')}-${id.padStart(16, '1')}-01`
    return toMessage({ headers: { traceparent: Buffer.from(traceparent) }, traceparent, offset: String(count) })
  }
}
