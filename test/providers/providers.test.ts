/** Holds docs/providers.md to its tests: no fact is missing, each names a test, and each test that it names is there. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { titlesIn } from '../titles.ts'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/providers.md'), 'utf8')
const sections = page.split(/^## /m).filter((text) => /^Facts /m.test(text))
const named = (text: string) => [...text.matchAll(/`([\w./-]+\.ts) › ([^`]+)`/g)].map(([, file = '', title = '']) => ({ file, title }))

interface Row {
  readonly id: string
  readonly cells: readonly string[]
}
const rowsOf = (section: string): readonly Row[] =>
  section
    .split('\n')
    .filter((line) => /^\| [A-Z]\d/.test(line))
    .map((line) => {
      const [id = '', ...cells] = line.split('|').slice(1, -1)
      return { id: id.trim(), cells: cells.map((cell) => cell.trim()) }
    })

test('there are five pages', () => {
  expect(sections.map((section) => /^Facts (\w)1 to/m.exec(section)?.[1])).toEqual(['H', 'B', 'A', 'C', 'D'])
})

describe.each(sections.map((section) => [section.slice(0, section.indexOf('\n')), section] as const))('%s', (_, section) => {
  const rows = rowsOf(section)

  test('has every fact that it says to have, once and in order', () => {
    const [, letter = '', last = 0] = /^Facts (\w)1 to \1(\d+)\./m.exec(section) ?? []
    expect(Number(last)).toBeGreaterThan(10)
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: Number(last) }, (_row, at) => `${letter}${at + 1}`))
  })

  test.each(rows)('$id has all its cells, and names a test', ({ cells }) => {
    expect(cells).toHaveLength(4)
    expect(cells.every((cell) => cell !== '')).toBe(true)
    expect(named(cells[3] ?? '').length).toBeGreaterThan(0)
    // Nothing else stands in the last cell: a test that is written wrongly would be overlooked.
    expect((cells[3] ?? '').replace(/`[\w./-]+\.ts › [^`]+`/g, '').trim()).toBe('')
  })
})

describe('every test that is named exists', () => {
  const all = named(page)
  test.each([...new Set(all.map(({ file }) => file))])('in %s', (file) => {
    const path = join(root, 'test', file)
    expect(existsSync(path)).toBe(true)
    const titles = titlesIn(path)
    expect(all.filter((one) => one.file === file && !titles.has(one.title)).map(({ title }) => title)).toEqual([])
  })
})

test('a title that nobody has written is not found', () => {
  expect(titlesIn(import.meta.filename)).toContain('a title that nobody has written is not found')
  expect(titlesIn(import.meta.filename)).toContain('$id has all its cells, and names a test')
  expect(titlesIn(import.meta.filename)).not.toContain('in %i')
})
