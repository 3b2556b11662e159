import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { SessionError } from '../../src/index.ts'
import type { ErrorCode } from '../../src/index.ts'

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')
const sections = read('docs/errors.md').split(/^## /m).slice(1)
const codes = [...read('src/errors.ts').matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code]) => code as ErrorCode)

it('has one section for each code, and the page of each error is its section', () => {
  expect(codes.length).toBeGreaterThan(10)
  expect(sections.map((text) => text.slice(0, text.indexOf('\n')))).toEqual(codes)
  for (const code of codes) expect(new SessionError(code).docsUrl).toMatch(new RegExp(`/docs/errors\\.md#${code}$`))
})

it('says of each what it means, its usual cause and what to do', () => {
  for (const text of sections) {
    for (const part of ['**What it means.**', '**Usual cause.**', '**What to do.**']) expect(text).toContain(part)
  }
})
