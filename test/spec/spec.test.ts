/** Holds docs/spec.md to its tests, and the tests of core, of stories and of the proofs to docs/spec.md. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { clausesIn, orphansIn } from './clauses.ts'
import type { World } from './clauses.ts'
import { idsInTable, idsSaidIn } from './checks.ts'
import { fullTitlesIn } from '../titles.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const spec = read('docs/spec.md')
const errors = read('docs/errors.md')
const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' }).filter((file) => /\.test\.tsx?$/.test(file))
/** Where the invariants of the whole client are checked, by their ids. */
const checks = readdirSync(join(root, 'test/shell'))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => `shell/${file}`)
  .filter((file) => idsSaidIn(join(root, 'test', file)).length > 0)

/** Of a file with checks of the whole client, the ids that it says. */
const known = new Map<string, readonly string[] | undefined>()
function titlesIn(file: string): readonly string[] | undefined {
  const path = join(root, 'test', file)
  if (!known.has(file)) known.set(file, existsSync(path) ? (checks.includes(file) ? idsSaidIn(path) : fullTitlesIn(path)) : undefined)
  return known.get(file)
}

/** `[LNK-4]` in the title of a test. */
const inTitles = files
  .filter((file) => /\[[A-Z]+-\d+\]/.test(read(`test/${file}`)) && !file.startsWith('spec/'))
  .flatMap((file) =>
    titlesIn(file)!.flatMap((title) =>
      [...title.matchAll(/\[([A-Z]+-\d+)\]/g)].map(([, id = '']) => ({ place: `${file} › ${title}`, id })),
    ),
  )
const links = [...errors.matchAll(/\[([A-Z]+-\d+)\]\(spec\.md#([\w-]*)\)/g)].map(([, id = '', anchor = '']) => ({ id, anchor }))
const inErrors = links.map(({ id }) => ({ place: 'docs/errors.md', id }))

/** These hold of a run and not of a moment: what they have is tests. */
const ofWholeRuns = ['I13', 'I14', 'I19']
const folders = ['core', 'stories', 'shell', 'figures', 'commands', 'fuzz', 'exploration']

test(`every clause has its tests, every test of ${folders.join(', ')} its clause, and no number is missing or used twice`, () => {
  const covered = ['simulation/invariants.ts', ...files.filter((file) => folders.includes(file.split('/')[0]!))]
  expect(folders.filter((folder) => !covered.some((file) => file.startsWith(`${folder}/`) && titlesIn(file)!.length > 0))).toEqual([])
  expect(covered.length).toBeGreaterThan(30)
  expect(clausesIn(spec).length).toBeGreaterThan(250)
  expect(orphansIn({ spec, titlesIn, covered, mentions: [...inTitles, ...inErrors] })).toEqual([])
})

test('every invariant of docs/reliability.md is a clause that names a check of its own, and what is checked, planted and soaked is one of them', () => {
  const table = idsInTable(read('docs/reliability.md'))
  const clauses = clausesIn(spec).flatMap(({ text, tests }) => {
    const id = /^(I\d+): /.exec(text)?.[1]
    return id === undefined ? [] : [{ id, said: tests.filter((test) => checks.some((file) => test.startsWith(`\`${file} › `))) }]
  })
  expect(clauses.map(({ id }) => id)).toEqual(table)
  expect(clauses.flatMap(({ id, said }) => said.filter((test) => !test.endsWith(` › ${id}\``)))).toEqual([])
  const checked = new Set(checks.flatMap((file) => titlesIn(file)!))
  expect(table.filter((id) => !checked.has(id))).toEqual(ofWholeRuns)
  expect(clauses.filter(({ said }) => said.length === 0).map(({ id }) => id)).toEqual(ofWholeRuns)
  const [planted, soaked] = ['test/shell/planted.test.ts', 'scripts/soak/verdict.ts'].map((file) => idsSaidIn(join(root, file)))
  expect([planted!.length > 10, soaked!.length > 10]).toEqual([true, true])
  expect([...checked, ...planted!, ...soaked!].filter((id) => !table.includes(id))).toEqual([])
})

test('a clause is one sentence, and nothing is said twice', () => {
  const texts = clausesIn(spec).map(({ text }) => text)
  expect(texts.filter((text) => !/^[`A-Z0-9[][^\n]*[.]$/.test(text) || /[a-z)`]\. [A-Z]/.test(text))).toEqual([])
  expect(new Set(texts).size).toBe(texts.length)
})

test('every clause stands in the section of its topic', () => {
  const sections = spec.split(/^## /m).slice(1)
  const topics = sections.map((section) => /^([A-Z]+): /.exec(section)?.[1])
  expect(topics.at(-1)).toBeUndefined()
  expect(sections.flatMap((section, i) => clausesIn(section).filter(({ id }) => id.split('-')[0] !== topics[i]))).toEqual([])
})

test('every error names the clauses that lead to it, and links to their sections', () => {
  const anchors = [...spec.matchAll(/^## (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )
  for (const section of errors.split(/^## /m).slice(1))
    expect(section, section.slice(0, 20)).toMatch(/^\*\*Clauses\.\*\* \[[A-Z]+-\d+\]\(spec\.md#/m)
  expect(links.filter(({ id, anchor }) => !anchors.includes(anchor) || !anchor.startsWith(`${id.split('-')[0]!.toLowerCase()}-`))).toEqual(
    [],
  )
})

test('every clause of PROTOCOL.md that is named is there', () => {
  const numbers = new Set([...read('PROTOCOL.md').matchAll(/^- \*\*(\d\.\d+)\*\*/gm)].map(([, number]) => number))
  const named = clausesIn(spec)
    .filter(({ text }) => text.includes('PROTOCOL.md'))
    .flatMap(({ text }) => text.match(/\b\d\.\d+\b/g) ?? [])
  expect(named.length).toBeGreaterThan(3)
  expect(named.filter((number) => !numbers.has(number))).toEqual([])
})

describe('an orphan is found', () => {
  const page = (...clauses: string[]): string => clauses.join('\n')
  const good = '- **LNK-1** A link has one socket.\n  `a.test.ts › opens` · `a.test.ts › %s › closes`'
  const world = (text: string, over: Partial<World> = {}): World => ({
    spec: text,
    titlesIn: (file) => (file === 'a.test.ts' ? ['opens', '%s › closes'] : undefined),
    covered: ['a.test.ts'],
    mentions: [{ place: 'b.test.ts', id: 'LNK-1' }],
    ...over,
  })

  test.each([
    ['none', page(good), []],
    ['a clause without tests', page(good, '- **LNK-2** It closes.'), ['LNK-2 names no test']],
    ['a clause that was withdrawn needs none', page(good, '- **LNK-2** Withdrawn: it is LNK-1.'), []],
    ['a file that is not there', page(good, '- **LNK-2** It closes.\n  `b.test.ts › closes`'), ['LNK-2: there is no test/b.test.ts']],
    ['a title that is not there', page(good, '- **LNK-2** It.\n  `a.test.ts › closes`'), ['LNK-2: in test/a.test.ts there is no “closes”']],
    ['a test without a file', page(good, '- **LNK-2** It.\n  `opens`'), ['LNK-2 names its tests as `file › title`, not as `opens`']],
    [
      'a title with backticks, in two of them',
      page(good, '- **LNK-2** It.\n  ``a.test.ts › `x` ``'),
      ['LNK-2: in test/a.test.ts there is no “`x` ”'],
    ],
    ['a number used twice', page(good, good), ['LNK-1 stands where LNK-2 should']],
    ['a number that is skipped', page(good, good.replace('LNK-1', 'LNK-3')), ['LNK-3 stands where LNK-2 should']],
    ['a test without a clause', page(good.replace(/ · .*/, '')), ['no clause names a.test.ts › %s › closes']],
  ])('%s', (_orphan, text, orphans) => {
    expect(orphansIn(world(text))).toEqual(orphans)
  })

  test('a clause that is named elsewhere, and is none', () => {
    expect(orphansIn(world(good, { mentions: [{ place: 'b.test.ts › [LNK-9] x', id: 'LNK-9' }] }))).toEqual([
      'b.test.ts › [LNK-9] x names LNK-9, which is no clause',
    ])
  })

  test('and titles are read with all that is around them', () => {
    const titles = fullTitlesIn(import.meta.filename)
    expect(titles).toContain('an orphan is found › %s')
    expect(titles).toContain('a clause is one sentence, and nothing is said twice')
    expect(titles).not.toContain('an orphan is found')
    expect(titlesIn('simulation/invariants.ts')).toContain('neverStuck')
  })
})
