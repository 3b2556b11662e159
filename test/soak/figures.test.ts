/** A soak in which nothing was injected shows nothing, and says so. */
import { readFileSync } from 'node:fs'
import { parseSync } from 'vite'
import { describe, expect, test } from 'vitest'
import { lackingIn, tables } from '../../scripts/soak/figures.ts'
import type { Figures } from '../../scripts/soak/figures.ts'
import { walk } from '../source-files.ts'
import type { Node } from '../source-files.ts'

const normal = { sessions: 500, minutes: 30 }
const good = (): Figures => ({ ...tables.bySessions, ...tables.byMinutes, dials: 52_983, 'messages sent': 219_958 })
const without = (gone: (name: string) => boolean): Figures => Object.fromEntries(Object.entries(good()).filter(([name]) => !gone(name)))

/** The kinds that a file of the soak knows, by the names of its lists or tables. */
function kindsIn(file: string, lists: readonly string[]): string[] {
  const path = new URL(`../../scripts/soak/${file}`, import.meta.url).pathname
  const kinds: string[] = []
  walk(parseSync(path, readFileSync(path, 'utf8')).program as unknown as Node, ({ type, id, init }) => {
    if (type !== 'VariableDeclarator' || !lists.includes((id as { name: string }).name)) return
    const { elements = [], properties = [] } = init as { elements?: Node[]; properties?: Node[] }
    for (const element of elements) kinds.push((element['elements'] as { value: string }[])[0]!.value)
    for (const { key } of properties as unknown as { key: { name?: string; value?: string } }[]) kinds.push(key.name ?? key.value!)
  })
  return kinds
}

describe('a run of the normal length', () => {
  test('lacks nothing when each kind hit, with faults, dials and messages enough', () => {
    expect(lackingIn(good(), normal)).toEqual([])
  })

  test('in which nothing was injected lacks everything', () => {
    const kinds = Object.keys({ ...tables.bySessions, ...tables.byMinutes })
    expect(lackingIn({}, normal)).toHaveLength(kinds.length + 3)
  })

  test.each(['F E1 forbidden', 'F S1 providers killed', 'F T4 never ready', 'A reset', 'handshake mute', 'token 409'])(
    'never had “%s”',
    (kind) => {
      expect(
        lackingIn(
          without((name) => name === kind),
          normal,
        ),
      ).toEqual([expect.stringMatching(`^never “${kind.replace(/^[FA] /, '')}”, where about \\d+ times are expected$`)])
    },
  )

  test.each([
    ['dials', 17_499, '17499 dials, where 17500 are the least'],
    ['messages sent', 72_999, '72999 messages, where 73000 are the least'],
  ])('has too few %s', (name, few, said) => {
    expect(lackingIn({ ...good(), [name]: few }, normal)).toEqual([said])
    expect(lackingIn({ ...good(), [name]: few + 1 }, normal)).toEqual([])
  })

  test('has too few faults, though each kind hit', () => {
    const once = Object.fromEntries(Object.keys(good()).map((name) => [name, 1]))
    const faults = Object.keys(once).filter((name) => name.startsWith('F ')).length
    expect(lackingIn({ ...once, dials: 52_983, 'messages sent': 219_958 }, normal)).toEqual([`${faults} faults, where 10000 are the least`])
  })
})

test('a shorter run has floors by its sessions and minutes, and need not meet what is rare', () => {
  const few = { 'F T5 reset': 10, dials: 18, 'messages sent': 73 }
  expect(lackingIn(few, { sessions: 30, minutes: 0.5 })).toEqual([])
  expect(lackingIn({ ...few, 'F T5 reset': 9 }, { sessions: 30, minutes: 0.5 })).toEqual(['9 faults, where 10 are the least'])
  // However short it is.
  expect(lackingIn({}, { sessions: 1, minutes: 0.1 })).toHaveLength(3)
  expect(
    lackingIn(
      without((name) => name === 'F E1 forbidden'),
      { sessions: 100, minutes: 3 },
    ),
  ).toEqual([])
})

test('each kind of chaos is in the tables, and each of theirs is one', () => {
  const faults = kindsIn('chaos.ts', ['connectionFaults', 'handshakes', 'answers', 'houseFaults']).map((kind) => `F ${kind}`)
  const acts = kindsIn('application.ts', ['verbs']).map((kind) => `A ${kind}`)
  expect([faults.length > 30, acts.length > 10]).toEqual([true, true])
  const known = Object.keys({ ...tables.bySessions, ...tables.byMinutes }).filter((name) => /^[FA] /.test(name))
  expect([...faults, ...acts].sort()).toEqual(known.sort())
  expect(lackingIn({ ...good(), 'F T99 new': 1 }, normal)).toEqual(['“T99 new” is not in the tables of scripts/soak/figures.ts'])
})
