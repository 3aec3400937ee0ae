/**
 * The options of an interface or of an object type in TypeScript: `{ name, type, meaning, unit, standard }`, where
 * `standard` is what `@default` says. Options of options are called `spans.settle`.
 *
 * @param source the text of the file
 * @param name the type, as it is declared there
 */
export function optionsIn(source, name) {
  const start = source.search(new RegExp(`^export (?:interface ${name}\\b|type ${name} =)`, 'm'))
  const open = start === -1 ? -1 : source.indexOf('{\n', start)
  if (open === -1) throw new Error(`There is no ${name}`)
  return membersOf(source.slice(open + 1, closingOf(source, open)))
}

/** Options that are options of another one. */
export function within(name, options) {
  return options.map((option) => Object.assign(option, { name: `${name}.${option.name}` }))
}

const MEMBER =
  /\/\*\*(?<comment>(?:(?!\*\/)[\s\S])*)\*\/\s*(?:readonly )?(?<name>\w+)\??:\s*|(?:readonly )?(?<bare>\w+)\??:\s*/y

function membersOf(body) {
  const members = []
  for (let at = 0; at < body.length;) {
    MEMBER.lastIndex = at
    const found = MEMBER.exec(body)?.groups
    if (found === undefined) {
      at += 1
      continue
    }
    const from = MEMBER.lastIndex
    const to = endOf(body, from)
    members.push(...memberOf(found.name ?? found.bare, found.comment ?? '', body.slice(from, to)))
    at = to
  }
  return members
}

function memberOf(name, comment, text) {
  const type = text.replaceAll(/\s+/g, ' ').trim()
  const [meaning = '', standard] = comment
    .replaceAll(/^\s*\*? ?/gm, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .trim()
    .split(/ ?@default /)
  if (/^(?:\| )?\{/.test(type)) {
    const open = text.indexOf('{')
    return within(name, membersOf(text.slice(open + 1, closingOf(text, open))))
  }
  const [, unit = ''] = /^(ms|Bytes)\b/.exec(meaning) ?? []
  return [
    { name, type: type.replace(/^\| /, '').replace(/ \| undefined$/, ''), meaning, unit: unit.toLowerCase(), standard },
  ]
}

/** Where the member ends: at the end of a line on which nothing is open. */
function endOf(body, from) {
  let depth = 0
  for (let at = from; at < body.length; at += 1) {
    if ('({['.includes(body[at])) depth += 1
    if (')}]'.includes(body[at])) depth -= 1
    if (body.startsWith('/**', at)) at = body.indexOf('*/', at)
    if (body[at] === '\n' && depth === 0 && !/^\s*\|/.test(body.slice(at)) && body.slice(from, at).trim() !== '')
      return at
  }
  return body.length
}

function closingOf(text, open) {
  let depth = 0
  for (let at = open; at < text.length; at += 1) {
    if (text.startsWith('/**', at)) at = text.indexOf('*/', at)
    if (text[at] === '{') depth += 1
    if (text[at] === '}' && --depth === 0) return at
  }
  throw new Error('A brace is never closed')
}
