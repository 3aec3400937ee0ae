import * as fc from 'fast-check'

const ascii = fc.integer({ min: 0, max: 0x7f })
const anyCode = fc.oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
const unit = fc.oneof(ascii, anyCode).map((code) => String.fromCodePoint(code))

/** Text of any characters, half of them ASCII. The unit `binary` of fast-check takes a second to be made. */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit, maxLength })
}
