/**
 * How soon a session notices, and what bad hours cost: real sessions in virtual time, by the worst draws of chance. Printed by
 * `npm test -- test/figures`; docs/reliability.md has them with their date.
 */
import { afterAll, describe, expect, it } from 'vitest'
import type { Host } from '../../src/index.ts'
import { gateway } from '../../src/presets/gateway.ts'
import {
  acceptsEverybody,
  answersTokens,
  closesWith,
  failsWith,
  hangsHandshake,
  isSilent,
  nobodyAnswersClose,
  refuses,
  refusesHandshake,
  story,
  type Behaviour,
  type Own,
  type Service,
  type Story,
  type StoryOptions,
} from '../stories/backends.ts'

const figures: string[] = []
const print = (what: string, asked: string, got: string): void => void figures.push(`${what.padEnd(72)} ${asked.padEnd(16)} ${got}`)
afterAll(() => void process.stdout.write(`${['', ...figures].join('\n')}\n\n`))

const second = 1000
const hour = 3_600 * second
const seconds = (ms: number): string => `${(ms / second).toFixed(1)} s`

/** The virtual ms until the session is this. */
async function timed(it: Story, done: () => boolean, atMostMs: number): Promise<number> {
  const from = it.clock()
  while (!done() && it.clock() - from < atMostMs) await it.advance(100)
  expect(done()).toBe(true)
  return it.clock() - from
}

describe('a session', () => {
  it('ends within 2 s of close(), though the peer never answers', async () => {
    const it = await story({ host: nobodyAnswersClose }).connected()
    let settled = false
    void it.session.close().then(() => (settled = true))
    const ms = await timed(it, () => settled, 10 * second)
    print('close() settles, though the peer never answers', '≤ 2 s', seconds(ms))
    expect(ms).toBeLessThanOrEqual(2 * second)
  })

  it('finds a handshake that hangs within 10 s', async () => {
    const it = story({ provider: hangsHandshake() })
    void it.session.connect().catch(() => {})
    await timed(it, () => it.provider.upgrades.length === 1, second)
    it.provider.now(acceptsEverybody())
    const dials = await timed(it, () => it.world.census.openSockets === 0, 20 * second)
    print('a handshake that hangs is given up', '≤ 10 s', seconds(dials))
    expect(dials).toBeLessThanOrEqual(10 * second)
  })

  /** `everyMs`: when timers of this page may fire. */
  const halfOpen = async (everyMs: number): Promise<number> => {
    const { liveness } = gateway({ url: 'wss://gateway.test' })
    const coarse = (host: Host): Host => ({
      ...host,
      timer: (run, ms) => host.timer(run, Math.ceil((host.monotonic() + ms) / everyMs) * everyMs - host.monotonic()),
    })
    let worst = 0
    for (let phase = 0; phase < everyMs; phase += everyMs / 12) {
      const it = await story({ host: coarse, tokens: answersTokens({ expiresIn: 7_200 }) }, { liveness: liveness! }).connected()
      await it.advance(phase)
      it.provider.say({ still: 'here' })
      await it.advance(1)
      worst = Math.max(worst, await timed(it, () => it.path.includes('reconnecting'), 300 * second))
    }
    return worst
  }

  it.each([
    ['visible', 1, 75 * second],
    // A hidden page's timers are taken to fire at whole seconds. That is what three engines do (test/engines/hidden.engine.ts), because
    // `unchained` of src/io/browser.ts takes each out of the chain that Chromium would run once a minute.
    ['hidden', second, 75 * second],
  ])('of the gateway finds a link that is half open: %s', async (page, everyMs, atMostMs) => {
    const ms = await halfOpen(everyMs)
    print(`a link of the gateway that is half open is found, ${page}`, `≤ ${atMostMs / second} s`, seconds(ms))
    expect(ms).toBeLessThanOrEqual(atMostMs)
  })
})

const lease: Own = { kind: 'lease', heartbeat: { intervalMs: 60 * second } }
const worstDraws = [0, 0.5, 1 - 2 ** -32]

/** The most mints in an hour, of any draw and of both kinds of grant. */
async function mostMints(options: StoryOptions, asks: readonly ('endpoint' | 'callback')[] = ['endpoint', 'callback']): Promise<number> {
  let most = 0
  for (const draw of worstDraws)
    for (const own of [{}, lease])
      for (const ask of asks) {
        const it = story({ ...options, asks: ask, random: () => draw }, own)
        void it.session.connect().catch(() => {})
        await it.advance(hour)
        most = Math.max(most, it.backend.mints)
      }
  return most
}

describe('an hour', () => {
  const ticket: Behaviour = answersTokens({ expiresIn: 1_800 })
  const of: readonly [string, number, Behaviour, Service][] = [
    ['the token endpoint refuses', 15, refuses('revoked'), acceptsEverybody()],
    ['the provider closes each new grant with 4401', 15, ticket, closesWith(4401)],
    ['the token endpoint answers 503', 75, failsWith(503), acceptsEverybody()],
    ['the token endpoint is silent', 75, isSilent(), acceptsEverybody()],
  ]
  it.each(of)('in which %s costs at most %d mints', async (what, atMost, tokens, provider) => {
    const mints = await mostMints({ tokens, provider })
    print(`mints in an hour in which ${what}`, `≤ ${atMost}`, `${mints}`)
    expect(mints).toBeLessThanOrEqual(atMost)
    expect(mints).toBeGreaterThan(0)
  })

  it('in which every handshake is refused costs a ticket at most 15 mints', async () => {
    let most = 0
    // By a draw of 0 each dial follows the refusal before it at once, and a refusal takes no virtual time here: the hour would never
    // pass. test/simulation/hours.test.ts plays that draw, with a handshake of 50 ms.
    for (const draw of [0.01, 0.1, 0.5, 1 - 2 ** -32]) {
      const it = story({ tokens: ticket, provider: refusesHandshake(), random: () => draw })
      void it.session.connect().catch(() => {})
      await it.advance(hour)
      most = Math.max(most, it.backend.mints)
    }
    print('mints of a ticket in an hour in which each handshake is refused', '≤ 15', `${most}`)
    expect(most).toBeLessThanOrEqual(15)
  })

  it('by a clock ten years off costs no mint more', async () => {
    let extra = 0
    for (const own of [{}, lease]) {
      const mints: number[] = []
      for (const years of [0, -10, 10]) {
        const it = story({ tokens: ticket, random: () => 0.5 }, own)
        it.world.skewWall(years * 365.25 * 24 * hour)
        await it.connected()
        await it.advance(hour)
        expect(it.path).toEqual(['connecting', 'connected'])
        mints.push(it.backend.mints)
      }
      extra = Math.max(extra, ...mints.map((count) => Math.abs(count - mints[0]!)))
    }
    print('mints more in an hour by a clock that is ten years off, either way', '0', `${extra}`)
    expect(extra).toBe(0)
  })
})
