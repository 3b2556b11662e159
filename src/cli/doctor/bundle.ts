import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../terminal.ts'
import { ok, problem, warning } from './finding.ts'
import type { Finding } from './finding.ts'
import { keyShapes } from './keys.ts'
import type { Key } from './keys.ts'

/** Further shapes that say "a long-lived key is used here", whatever the key looks like. */
const places: readonly (readonly [shape: RegExp, words: string])[] = [
  [/\bwss?:\/\/[^\s"'`]{0,500}[?&]api_?key=/i, 'a WebSocket address that takes an API key'],
  [/\bBasic\s+[A-Za-z0-9+/]{16,}={0,2}(?![A-Za-z0-9+/])/, 'Basic credentials'],
  [/\b(?:https?|wss?):\/\/[^\s"'`/:@{}$]{1,200}:[^\s"'`/@{}$]{3,200}@/, 'an address with a password in it'],
]

/** Shapes that keys share with what may stand in a page: some services have an `api_key` that is meant to be public. */
const doubtful: typeof places = [
  [/\bhttps?:\/\/[^\s"'`]{0,500}[?&]api_?key=/i, 'an address that takes an API key, unless this one may be public'],
]

const maxFindings = 50
const maxBytes = 32 * 2 ** 20

/** Looks into every text file of a built page, source maps included, for long-lived keys: file, line and column, never the key. */
export async function bundleCheck(folder: string, keys: readonly Key[]): Promise<readonly Finding[]> {
  const found = await stat(folder).catch(() => undefined)
  if (!found?.isDirectory()) throw new UsageError('--bundle: there is no such folder')
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((name) => !/[\\/]node_modules[\\/]/.test(name.slice(folder.length)))
    .sort()
  const findings: Finding[] = []
  const doubts: Finding[] = []
  let read = 0
  for (const name of names) {
    const shown = name.slice(folder.length).replace(/^[\\/]+/, '')
    if ((await stat(name)).size > maxBytes) {
      findings.push(warning('bundle', `${shown}: larger than ${maxBytes} bytes, not looked into`))
      continue
    }
    const text = await readFile(name, 'latin1')
    // Images and fonts; a key in UTF-8 text is the same bytes in latin1.
    if (text.slice(0, 8192).includes('\0')) continue
    read++
    for (const seen of hits(text, [...keyShapes, ...places], keys)) findings.push(problem('bundle', `${shown}:${seen}`))
    if (findings.length >= maxFindings)
      return [...findings.slice(0, maxFindings), warning('bundle', 'there is more; the rest was not looked into')]
    // However many they are, no problem is passed over for them.
    for (const seen of hits(text, doubtful)) if (doubts.length < maxFindings) doubts.push(warning('bundle', `${shown}:${seen}`))
  }
  findings.push(...doubts)
  if (findings.length > 0) return findings
  return [read > 0 ? ok('bundle', `no long-lived key in ${read} files`) : warning('bundle', 'there is no text file in that folder')]
}

function hits(text: string, shapes: typeof places, keys: readonly Key[] = []): string[] {
  const found = new Map<number, string>()
  const note = (at: number, what: string): void => void (found.has(at) || found.set(at, what))
  for (const { name, value } of keys) {
    for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) note(at, `the value of ${name}`)
  }
  for (const [shape, words] of shapes) {
    for (const { index } of text.matchAll(new RegExp(shape.source, `${shape.flags}g`))) note(index, words)
  }
  return [...found].sort(([one], [other]) => one - other).map(([at, what]) => `${position(text, at)} ${what}`)
}

function position(text: string, at: number): string {
  const before = text.slice(0, at)
  return `${before.split('\n').length}:${at - before.lastIndexOf('\n')}`
}
