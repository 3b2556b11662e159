/** Reads docs/spec.md, and says what is wrong between it, the tests and docs/errors.md. */

export interface Clause {
  /** `LNK-4`. */
  readonly id: string
  readonly text: string
  /** `core/link.test.ts › a close › that stops fails …`, below `test/`. */
  readonly tests: readonly string[]
}

export interface World {
  /** docs/spec.md. */
  readonly spec: string
  /** The full titles of a file below `test/`, or undefined where there is no such file. */
  readonly titlesIn: (file: string) => readonly string[] | undefined
  /** Files of which each test is named by some clause. */
  readonly covered: readonly string[]
  /** Where else clauses are named: `[LNK-4]` in titles, and in docs/errors.md. */
  readonly mentions: readonly { readonly place: string; readonly id: string }[]
}

const divided = (name: string): [file: string, title: string] => [name.slice(0, name.indexOf(' › ')), name.slice(name.indexOf(' › ') + 3)]

/**
 * A clause is one line that begins with its id, and the indented lines below it, which hold its tests and nothing else: in backticks, or,
 * where a title has some itself, in two.
 */
export function clausesIn(spec: string): readonly Clause[] {
  const clauses: { id: string; text: string; tests: string[] }[] = []
  let open = false
  for (const line of spec.split('\n')) {
    const [, id, text] = /^- \*\*([A-Z]+-\d+)\*\* (.+)$/.exec(line) ?? []
    if (id !== undefined && text !== undefined) clauses.push({ id, text, tests: [] })
    open = id !== undefined || (open && line.startsWith('  '))
    if (open && id === undefined) clauses.at(-1)?.tests.push(...line.trim().split(' · '))
  }
  return clauses
}

/** Every orphan: a clause without tests, a test without a clause, a number that is missing, a name of what is not there. */
export function orphansIn({ spec, titlesIn, covered, mentions }: World): readonly string[] {
  const clauses = clausesIn(spec)
  const found: string[] = []
  const counts = new Map<string, number>()
  const ids = new Set(clauses.map(({ id }) => id))
  const named = new Set<string>()
  for (const { id, text, tests } of clauses) {
    const [topic = '', number] = id.split('-')
    const due = (counts.get(topic) ?? 0) + 1
    counts.set(topic, due)
    if (Number(number) !== due) found.push(`${id} stands where ${topic}-${due} should`)
    // A number is never given away again.
    if (text.startsWith('Withdrawn')) continue
    if (tests.length === 0) found.push(`${id} names no test`)
    for (const test of tests) {
      const name = /^(?:`([^`]+ › [^`]+)`|``(.+ › .+)``)$/
        .exec(test)
        ?.slice(1)
        .find((part) => part !== undefined)
      if (name === undefined) {
        found.push(`${id} names its tests as \`file › title\`, not as ${test}`)
        continue
      }
      named.add(name)
      const [file, title] = divided(name)
      const titles = titlesIn(file)
      if (!titles) found.push(`${id}: there is no test/${file}`)
      else if (!titles.includes(title)) found.push(`${id}: in test/${file} there is no “${title}”`)
    }
  }
  for (const file of covered) {
    for (const title of titlesIn(file) ?? []) if (!named.has(`${file} › ${title}`)) found.push(`no clause names ${file} › ${title}`)
  }
  for (const { place, id } of mentions) if (!ids.has(id)) found.push(`${place} names ${id}, which is no clause`)
  return found
}
