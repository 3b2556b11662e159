/** Reads `docs/faults.md` and holds the code to every cell of it, for an endpoint and for a callback. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { PlainSessionOptions } from '../../src/index.ts'
import * as say from '../stories/backends.ts'
import type { Behaviour, Story, StoryOptions } from '../stories/backends.ts'

interface Row {
  readonly answer: string
  readonly held: 'ticket' | 'lease' | 'none'
  /** Right after the failure, and where it differs when the lease is over. */
  readonly statuses: readonly string[]
  readonly codes: readonly string[]
  readonly notice: string | null
  /** Seconds. */
  readonly nextMint: readonly [number, number] | null
  readonly atOnce: number | null
  readonly late: number | null
  readonly asked: number
  readonly mints: number
}

const page = readFileSync(join(import.meta.dirname, '../../docs/faults.md'), 'utf8')
const cells = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
const words = (cell: string): string[] => cell.split(',').map((word) => word.replaceAll('`', '').trim())
const seconds = (cell: string): number | null => (cell === 'never' ? null : Number(cell))

const rows = cells
  .filter(({ length }) => length === 10)
  .map(([answer, held, status, code, notice, nextMint, atOnce, late, asked, mints]): Row => {
    const range = nextMint === 'never' ? null : nextMint!.split('–').map(Number)
    return {
      answer: answer!.replaceAll('`', ''),
      held: held as Row['held'],
      statuses: words(status!),
      codes: words(code!),
      notice: notice === '–' ? null : words(notice!)[0]!,
      nextMint: range && [range[0]!, range.at(-1)!],
      atOnce: seconds(atOnce!),
      late: seconds(late!),
      asked: Number(asked),
      mints: Number(mints),
    }
  })

const answers: Record<string, Behaviour> = {
  '500': say.failsWith(500),
  '401': say.failsWith(401, {}, { error: 'login_required' }),
  '403': say.failsWith(403, {}, { error: 'key_refused' }),
  '403 forbidden': say.refuses('forbidden'),
  '429': say.failsWith(429, { 'retry-after': '120' }, { error: 'quota', retry_after: 120 }),
  '402': say.failsWith(402, {}, { error: 'quota', status: 402 }),
  HTML: say.answersHtml(),
  empty: say.answersNothing(),
  '20 KB': say.answersMuch(),
  'same grant': say.sameTokenAgain(),
  'lifetime ≤ 0': say.answersTokens({ expiresIn: 0 }),
  never: say.isSilent(),
  throws: say.throwsLater(),
  'throws synchronously': say.throwsSynchronously(),
}

const lease: Partial<PlainSessionOptions<unknown, unknown>> = { kind: 'lease', heartbeat: { intervalMs: 60_000, graceMs: 300_000 } }

type Kind = 'ticket' | 'lease'

interface Failed {
  readonly it: Story
  /** When it was known, in virtual ms. */
  readonly at: number
  /** Mints before the fault began. */
  readonly before: number
  readonly connecting: Promise<void> | null
}

/** A story at the moment of the first failure. */
async function failed(row: Row, kind: Kind, options: StoryOptions): Promise<Failed> {
  const it = say.story({ ...options, tokens: say.answersTokens({ expiresIn: 600 }) }, kind === 'lease' ? lease : {})
  const rejectedFirst = row.held === 'none' && row.answer === 'same grant'
  if (row.held !== 'none' || rejectedFirst) await it.connected()
  const before = it.backend.mints
  it.backend.now(answers[row.answer]!)
  if (rejectedFirst) it.provider.drop(4401)
  const connecting = row.held === 'none' && !rejectedFirst ? it.session.connect() : null
  let at: number | null = null
  const look = (): void => void (at ??= it.clock())
  it.session.on('notice', look)
  it.session.on('status', (status) => 'code' in status && look())
  // The renewal comes up to a tenth early; from there on second by second, so that no later event gets in.
  await it.advance(row.held === 'ticket' ? 269_000 : row.held === 'lease' ? 53_000 : 0)
  for (let waited = 0; at === null && waited < 60; waited++) await it.advance(1000)
  expect(at, 'nothing failed').not.toBeNull()
  return { it, at: at!, before, connecting }
}

const inWords = (status: string, code: string): string => {
  const [name, reason] = status.replace(')', '').split(' (')
  return name === 'connected' ? `connected(failing, ${code})` : `${name}(${reason === undefined ? '' : `${reason}, `}${code})`
}

const hour = 3_600_000

/** The endpoint's code stands first, the callback's last. */
const codeOf = ({ codes }: Row, asks: 'endpoint' | 'callback'): string => codes[asks === 'endpoint' ? 0 : codes.length - 1]!

it('reads every row: each answer in each of the three situations', () => {
  expect(rows.map(({ answer, held }) => `${answer}, ${held}`)).toEqual(
    Object.keys(answers)
      .sort((a, b) => rows.findIndex((row) => row.answer === a) - rows.findIndex((row) => row.answer === b))
      .flatMap((answer) => ['ticket', 'lease', 'none'].map((held) => `${answer}, ${held}`)),
  )
})

it('says of each answer what an endpoint and what a callback says', () => {
  expect(cells.filter(({ length }) => length === 3).map(([answer]) => answer!.replaceAll('`', ''))).toEqual([
    ...new Set(rows.map(({ answer }) => answer)),
  ])
})

for (const asks of ['endpoint', 'callback'] as const) {
  describe(`a token ${asks}`, () => {
    for (const row of rows.filter(({ held, statuses }) => held === 'lease' && statuses.length > 1)) {
      it(`${row.answer}, a living lease: ${row.statuses[1]} when the lease is over`, async () => {
        const { it } = await failed(row, 'lease', { asks })
        const held = it.backend.asks[0]!.at
        await it.advance(held + 299_900 - it.clock())
        expect(it.now).toBe(inWords('connected', codeOf(row, asks)))
        await it.advance(200)
        expect(it.now).toBe(inWords(row.statuses[1]!, codeOf(row, asks)))
      })
    }

    for (const row of rows) {
      for (const kind of row.held === 'none' ? (['ticket', 'lease'] as const) : [row.held]) {
        const code = codeOf(row, asks)
        const name = `${row.answer}, ${row.held === 'none' ? `no grant, of a ${kind}` : `a living ${row.held}`}`

        it(`${name}: status, notice, next mint`, async () => {
          const { it, at, connecting } = await failed(row, kind, { asks })
          const status = (row.held === 'none' && kind === 'lease' ? row.statuses.at(-1) : row.statuses[0])!
          expect(it.now).toBe(inWords(status, code))
          expect(it.notices.map((notice) => `${notice.name} ${'code' in notice ? notice.code : ''}`)).toEqual(
            row.notice ? [`${row.notice} ${code}`] : [],
          )
          const expected = connecting === null ? null : /refused|failed/.test(row.statuses[0]!) ? code : 'pending'
          expect(connecting && (await it.outcome(connecting))).toBe(expected)
          const asked = it.backend.mints
          await it.advance((row.nextMint?.[1] ?? 3600) * 1000 + 2000)
          const [low, high] = row.nextMint ?? [Infinity, Infinity]
          const next = ((it.backend.asks[asked]?.at ?? Infinity) - at) / 1000
          expect(next).toBeGreaterThanOrEqual(low - 0.002)
          expect(next).toBeLessThanOrEqual(high + 0.002)
        })

        it(`${name}: recovers at once when healed, and after an hour of it, by itself and when asked`, async () => {
          const early = (await failed(row, kind, { asks })).it
          early.backend.now(say.answersTokens())
          await early.advance((row.atOnce ?? 3600) * 1000 + 2)
          expect(early.now === 'connected').toBe(row.atOnce !== null)

          for (const verb of [false, true]) {
            const late = (await failed(row, kind, { asks, seed: 7 })).it
            await late.advance(hour)
            late.backend.now(say.answersTokens())
            if (verb) void late.session.connect()
            const within = verb ? row.asked : row.late
            await late.advance((within ?? 3600) * 1000 + 2)
            expect(late.now === 'connected').toBe(within !== null)
          }
        })

        it(`${name}: at most ${row.mints} mints in an hour, however chance draws`, async () => {
          for (const random of [() => 0.999_999, () => 0]) {
            const { it, before } = await failed(row, kind, { asks, random })
            await it.advance(it.backend.asks[before]!.at + hour - it.clock())
            expect(it.backend.mints - before).toBeLessThanOrEqual(row.mints)
          }
        })
      }
    }
  })
}
