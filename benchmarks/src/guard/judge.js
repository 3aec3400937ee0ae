/** So much more than stored may be allocated per message, as a share and in bytes: the larger counts. */
const ROOM = 0.1
const ROOM_BYTES = 64

/** The lines that differ, as a diff: what is stored, then what is. Empty when all is the same. */
export function compareCalls(stored, found) {
  const lines = []
  for (const [key, text] of Object.entries(found)) {
    if (stored[key] === text) continue
    if (key in stored) lines.push(`- ${key}: ${stored[key]}`)
    lines.push(`+ ${key}: ${text}`)
  }
  return lines
}

/** What is more than stored, and what is so much less that the stored figure says little. */
export function compareBytes(stored, found) {
  const more = []
  const less = []
  for (const [key, bytes] of Object.entries(found)) {
    const before = stored[key]
    if (before === undefined) {
      more.push(`+ ${key}: ${bytes} bytes, none stored`)
      continue
    }
    const room = Math.max(before * ROOM, ROOM_BYTES)
    const line = `${key}: ${before} bytes stored, ${bytes} found (${Math.round((bytes / before) * 100)} %)`
    if (bytes > before + room) more.push(`+ ${line}`)
    if (bytes < before - room) less.push(`- ${line}`)
  }
  return { more, less }
}
