import { movedField } from './field.ts'
import { TRACE, TRACEPARENT } from './messages.ts'

/** What stands on a message where headers are expected. Made anew each time, because some are used up. */
export type MakeCarrier = () => unknown

const fail = (): never => {
  throw new Error('a header that nobody can read')
}
const KB = 1000
const long = (part: string, kilobytes = 50): string => part.repeat((kilobytes * KB) / part.length)

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function cyclic(): unknown[] {
  const list: unknown[] = []
  list.push(list)
  return list
}

function nested(depth: number): unknown {
  let value: unknown = TRACEPARENT
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

/** Values that no field has, whatever its name. */
const values: Readonly<Record<string, () => unknown>> = {
  'empty text': () => '',
  blanks: () => long(' '),
  commas: () => long(','),
  'equals signs': () => long('a=b;'),
  percents: () => long('%'),
  'encoded bytes': () => `a=${long('%41')}`,
  brackets: () => long('['),
  'a very long text': () => long('x', 500),
  'control characters': () => '\u0000\u001b[31m\r\nx: y\u0007',
  'lone surrogates': () => '\ud800a\udc00',
  'a line break behind a context': () => `${TRACEPARENT}\r\nbaggage: a=1`,
  'the name of a prototype': () => '__proto__=x,constructor=y',
  'no bytes': () => Buffer.alloc(0),
  'bytes that are no UTF-8': () => Buffer.from([0xff, 0xfe, 0, 0x30, 0xc3]),
  'UTF-16': () => Buffer.from(TRACEPARENT, 'utf16le'),
  'many bytes': () => Buffer.alloc(500_000, 'x'),
  'an array of bytes': () => new Uint8Array(Buffer.from(TRACEPARENT)),
  'an array of wide numbers': () => new Uint16Array([1, 2, 3]),
  'a buffer': () => new ArrayBuffer(8),
  zero: () => 0,
  'not a number': () => Number.NaN,
  'an endless number': () => Number.POSITIVE_INFINITY,
  'the largest number': () => 1e308,
  'a large integer': () => 10n ** 30n,
  'a truth': () => true,
  null: () => null,
  undefined: () => undefined,
  'a symbol': () => Symbol('traceparent'),
  'a function': () => () => TRACEPARENT,
  'a date': () => new Date(Number.NaN),
  'an object': () => ({ traceparent: TRACEPARENT }),
  'a typed value': () => ({ '!': 'timestamp', value: 1 }),
  'an object without a prototype': () => Object.create(null),
  'an object that cannot be text': () => ({ toString: fail, valueOf: fail, toJSON: fail }),
  'an object that cannot be touched': revoked,
  'no values': () => [],
  'a value twice': () => [TRACEPARENT, TRACEPARENT],
  'two values': () => [TRACEPARENT, TRACEPARENT.replace('0a', '0b')],
  'values of many kinds': () => [TRACEPARENT, 7, null, Buffer.from(TRACEPARENT), undefined, {}],
  'twenty thousand values': () => Array.from({ length: 20_000 }, () => 'a=b'),
  'a list in a list in a list': () => nested(3),
  'a list of ten thousand levels': () => nested(10_000),
  'a list of itself': cyclic,
}

const FIELDS = [
  'traceparent',
  'tracestate',
  'baggage',
  'tracebaton',
  'tracebaton-attempts',
  'tracebaton-original-destination',
  'tracebaton-error-type',
] as const

/** A context beside what is wrong, unless the context is what is wrong. */
const beside = (field: string, value: unknown): object => ({ traceparent: TRACEPARENT, [field]: value })

const wrongValues = FIELDS.flatMap((field) =>
  Object.entries(values).map(([name, make]): [string, MakeCarrier] => [
    `${field}: ${name}`,
    () => beside(field, make()),
  ]),
)

const contexts: Readonly<Record<string, unknown>> = {
  'version ff': TRACEPARENT.replace(/^00/, 'ff'),
  'a version of the future': `${TRACEPARENT.replace(/^00/, '01')}-${long('x', 1)}`,
  'capital letters': TRACEPARENT.toUpperCase(),
  'a trace of zeros': TRACEPARENT.replace(TRACE, '0'.repeat(32)),
  'a span of zeros': `00-${TRACE}-${'0'.repeat(16)}-01`,
  'all flags': TRACEPARENT.replace(/01$/, 'ff'),
  'flags that are none': TRACEPARENT.replace(/01$/, '0x'),
  'a trace that is too short': TRACEPARENT.replace(TRACE, TRACE.slice(1)),
  'blanks around it': ` ${TRACEPARENT} `,
}

const states: Readonly<Record<string, string>> = {
  '33 members': Array.from({ length: 33 }, (_, index) => `k${index}=v`).join(','),
  'a member twice': 'a=1,a=2',
  'a long key': `${long('a')}=b`,
  'a long value': `a=${long(' ')}b`,
  'no equals sign': 'a,b,c',
}

const fields: Readonly<Record<string, string>> = {
  'an attempt without end': movedField(TRACEPARENT, {})
    .replace(/;a=\d+/, '')
    .concat(';a=1e308'),
  'an attempt below zero': `1;c=${TRACEPARENT.slice(3)};a=-1`,
  'numbers of eleven digits': `1;c=${TRACEPARENT.slice(3)};a=99999999999;m=99999999999;f=zzzzzzzzzzz;s=0;d=zzzzzzzzzzz;n=99999999999`,
  'a version of the future': `9;c=${TRACEPARENT.slice(3)};a=2`,
  'a key twice': `1;c=${TRACEPARENT.slice(3)};c=${TRACEPARENT.slice(3)}`,
  'a kind that is none': `1;c=${TRACEPARENT.slice(3)};k=__proto__`,
  'itself as the attempt before': `1;c=${TRACEPARENT.slice(3)};p=${TRACEPARENT.slice(3)};k=dead_letter;a=2`,
  'a key of a prototype': `1;__proto__=1;c=${TRACEPARENT.slice(3)}`,
  'thousands of keys': `1;${long('q=1;')}`,
}

const trapped = (trap: keyof ProxyHandler<object>): [string, MakeCarrier] => [
  `a proxy whose ${trap} throws`,
  () => new Proxy({ traceparent: TRACEPARENT }, { [trap]: fail }),
]

/** Whole bags that are not what headers are. */
const bags: readonly [string, MakeCarrier][] = [
  ['null', () => null],
  ['undefined', () => undefined],
  ['a number', () => 5],
  ['a text', () => 'traceparent'],
  ['a symbol', () => Symbol('headers')],
  ['a function', () => () => ({})],
  ['a list', () => [TRACEPARENT]],
  ['a list of pairs', () => [['traceparent', TRACEPARENT]]],
  ['a Map', () => new Map([['traceparent', TRACEPARENT]])],
  ['bytes', () => Buffer.from('traceparent')],
  ['a frozen bag', () => Object.freeze({ traceparent: TRACEPARENT })],
  ['a bag without a prototype', () => Object.assign(Object.create(null) as object, { traceparent: TRACEPARENT })],
  ['inherited headers', () => Object.create({ traceparent: TRACEPARENT }) as object],
  ['a prototype as a header', () => JSON.parse(`{"__proto__":{"traceparent":"${TRACEPARENT}"},"constructor":"x"}`)],
  ['members of objects as headers', () => ({ toString: null, hasOwnProperty: 3, valueOf: 'x' })],
  // oxlint-disable-next-line unicorn/no-thenable -- on purpose
  ['a thenable', () => ({ then: fail, traceparent: TRACEPARENT })],
  ['a getter that throws', () => Object.defineProperty({}, 'traceparent', { get: fail, enumerable: true })],
  ['a hidden header', () => Object.defineProperty({}, 'traceparent', { value: TRACEPARENT })],
  ['a symbol as a name', () => ({ [Symbol('traceparent')]: TRACEPARENT })],
  ['an empty name', () => ({ '': 'x', traceparent: TRACEPARENT })],
  ['names with control characters', () => ({ 'trace\r\nparent\u0000': 'x', traceparent: TRACEPARENT })],
  ['a long name', () => ({ [long('x')]: 'x', traceparent: TRACEPARENT })],
  ['one name in two spellings', () => ({ traceparent: TRACEPARENT, TraceParent: TRACEPARENT })],
  ['letters that look alike', () => ({ traceparent: TRACEPARENT, trаceparent: 'x', 'TRACEPARENT\u0130': 'x' })],
  ['two thousand headers', () => Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`h${index}`, 'x']))],
  ['an array with holes', () => Object.assign([], { 7: 'x', traceparent: TRACEPARENT })],
  ['a date', () => new Date()],
  ['an error', () => Object.assign(new Error('x'), { traceparent: TRACEPARENT })],
  ['a revoked proxy', revoked],
  ...(['get', 'has', 'ownKeys', 'getOwnPropertyDescriptor', 'getPrototypeOf'] as const).map(trapped),
]

/** Headers as no client sends them, by what is wrong with them. */
export const carriers: readonly [string, MakeCarrier][] = [
  ...wrongValues,
  ...Object.entries(contexts).map(([name, value]): [string, MakeCarrier] => [
    `a context with ${name}`,
    () => ({ traceparent: value }),
  ]),
  ...Object.entries(states).map(([name, value]): [string, MakeCarrier] => [
    `a state with ${name}`,
    () => beside('tracestate', value),
  ]),
  ...Object.entries(fields).map(([name, value]): [string, MakeCarrier] => [
    `our field with ${name}`,
    () => beside('tracebaton', value),
  ]),
  ...bags,
]
