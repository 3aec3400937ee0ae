import { expect, test } from 'vitest'
import { createReport } from '../../src/cli/report.ts'
import { githubReport } from '../../src/cli/report-github.ts'
import { junitReport } from '../../src/cli/report-junit.ts'
import { textReport } from '../../src/cli/report-text.ts'
import { judge } from '../../src/rules/evidence.ts'
import { rules } from '../../src/rules/rules.ts'
import { story, unlinked } from '../story.ts'
import { wellFormed } from '../well-formed.ts'

/** Of a file with 6 spans, 4 of which are in a story that is too large. */
function partly() {
  const report = createReport(rules, [], [], 20)
  report.spans = 6
  report.unjudged = 4
  report.add(judge(story.slice(0, 2), {}, rules).map(({ rule, applied }) => ({ rule, applied, findings: [] })))
  return report
}

test('a rule that could not judge all stories does not say that they are sound; one of single spans does', () => {
  const text = textReport(partly(), false)
  expect(text).toMatch(/^– no-orphans {2}.* {2}4 spans not judged$/m)
  expect(text).toMatch(/^✓ no-secrets {2}.*(?<!judged)$/m)
  expect(text.match(/^✓/gm)).toHaveLength(rules.filter(({ single }) => single).length)
})

test('what a rule found where it could judge is a finding, and the rest is said as well', () => {
  const report = partly()
  report.add(judge(story.filter(({ name }) => name !== 'send orders').map(unlinked), {}, rules))
  expect(textReport(report, false)).toMatch(/^✗ no-orphans {2}.* {2}3 found {2}4 spans not judged$/m)
  expect(junitReport(report)).toContain('<testsuite name="no-orphans" tests="3" failures="3" errors="0">')
})

test('JUnit skips what could not be judged, and GitHub is warned of it', () => {
  const xml = junitReport(partly())
  expect(wellFormed(xml.replace(/<\?xml.*\?>/, ''))).toBe(true)
  expect(xml).toContain('<testsuite name="no-orphans" tests="1" failures="0" errors="0" skipped="1">')
  expect(xml.match(/<skipped message="4 spans not judged"\/>/g)).toHaveLength(
    rules.filter((rule) => !rule.single).length,
  )
  expect(githubReport(partly())).toMatch(/^::warning title=tracebaton input::4 spans .*not judged/m)
})

test('no rule is kept where there are no spans', () => {
  const report = createReport(rules, [], [], 20)
  expect(textReport(report, false)).not.toContain('✓')
  expect(junitReport(report).match(/<skipped/g)).toHaveLength(rules.length)
})

test('JUnit fails a broken rule of which no finding is shown', () => {
  const report = createReport(rules, [], [], 0)
  report.add(judge(story.filter(({ name }) => name !== 'send orders').map(unlinked), {}, rules))
  expect(junitReport(report)).toContain(
    '<testsuite name="no-orphans (3 found, 0 shown)" tests="1" failures="1" errors="0">',
  )
})
