/**
 * One suite for every preset, over both fronts. What is expected comes from `expected.ts`, by the preset's traits; what a
 * provider is asked to do stands in `casts.ts`.
 */
import { afterEach, assert, describe, expect, test } from 'vitest'
import { withFaults } from '../../src/emulator/faults.ts'
import { createSession, statsOf } from '../../src/index.ts'
import type { Notice, Preset, Ready } from '../../src/index.ts'
import { createTokenEndpoint, MintError } from '../../src/server/index.ts'
import type { Mint } from '../../src/server/index.ts'
import { wordsOf } from '../sockets/backend.ts'
import { roles } from './casts.ts'
import type { Cast } from './casts.ts'
import { kindOf, noticesAfterDrop, outcomeOf, resumes } from './expected.ts'
import type { Deed, Kind } from './expected.ts'
import type { Front } from './fronts.ts'

const leave: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const undo of leave.splice(0).reverse()) await undo()
})

type Message = Record<string, unknown>

/** A session of one preset, the backend behind it, and everything that was seen of it. */
async function stage(makeFront: () => Promise<Front>, name: string, life: (kind: Kind) => 'short' | 'long' = () => 'long') {
  const front = await makeFront()
  leave.push(() => front.close())
  const { pace } = front
  const role = roles[name]!
  const kind = kindOf(role.preset('ws://localhost', pace), role.signedBy)
  const lives = life(kind)
  const cast: Cast = await role.cast(front, lives === 'short' ? pace.shortSeconds : pace.longSeconds)
  const released: string[] = []
  const says = { now: null as MintError | null }
  const since = { now: front.world.now() }
  const backend = withFaults(
    {
      name: 'backend',
      fetch: createTokenEndpoint({
        mint: listened(cast.mint, released),
        origins: [front.origin],
        limit: false,
        onError: () => {},
        authorize: () => {
          if (says.now) throw says.now
          return { id: 'ann', since: since.now }
        },
      }),
      upgrade: () => Promise.resolve(new Response(null, { status: 404 })),
    },
    front.world,
  )
  const route = await front.serve('https://backend.test', backend)
  const preset = paced(role.preset(cast.station.wsUrl, pace), front, lives)
  const readies: Ready<unknown>[] = []
  const session = createSession<Message, unknown>({
    preset: preset as unknown as Preset<Message>,
    tokenSource: { url: `${route.url}/token`, headers: { origin: front.origin } },
    onReady: (ready) => readies.push(ready),
    ...(front.page as object),
  })
  leave.push(() => session.close().then(() => {}))
  const messages: Message[] = []
  const notices: Notice[] = []
  const trail: string[] = []
  session.on('message', (message) => messages.push(message))
  session.on('notice', (notice) => notices.push(notice))
  session.on('status', () => now() !== trail.at(-1) && trail.push(now()))
  const now = (): string => {
    const { status } = session
    return status.name === 'connected' && status.renewal === 'failing' ? `connected failing ${status.code}` : wordsOf(status)
  }
  const until = (words: string): Promise<void> => front.until(`${words} after ${trail.join(' → ')}`, () => now() === words)
  return {
    front,
    cast,
    preset,
    session,
    kind,
    messages,
    notices,
    trail,
    readies,
    released,
    backend: route,
    until,
    now,
    says,
    /** Said and answered. */
    async exchange() {
      const before = messages.length
      if ('send' in cast.stir) expect(session.send(cast.stir.send)).toBe('sent')
      else await cast.stir.happen()
      await front.until('an answer', () => messages.slice(before).some(cast.answers))
    },
    /** The statuses since it was connected first. */
    since: () => trail.slice(trail.indexOf('connected')),
    mints: () => statsOf(session).mints,
    dials: () => statsOf(session).dials,
    async connected() {
      const connecting = session.connect()
      await until('connected')
      await connecting
    },
    async does(deed: Deed) {
      if (deed === 'expire') says.now = new MintError('unavailable')
      if (deed === 'rotate') cast.rotate()
      if (deed === 'revoke') {
        says.now = new MintError('revoked')
        await cast.revoke()
      }
      if (deed === 'silence') for (const { faults } of [cast.station, route]) faults.silence(true)
    },
    undo() {
      says.now = null
      since.now = front.world.now() + 1
      cast.install()
      for (const { faults } of [cast.station, route]) faults.silence(false)
    },
  }
}

type Stage = Awaited<ReturnType<typeof stage>>

function listened(mint: Mint, released: string[]): Mint {
  return Object.assign((ask: Parameters<Mint>[0]) => mint(ask), {
    async release(...args: Parameters<NonNullable<Mint['release']>>) {
      released.push(args[0])
      await mint.release?.(...args)
    },
  })
}

/** The preset with its own traits, at a pace that can be watched. */
function paced(preset: Preset<never, never>, { pace }: Front, life: 'short' | 'long'): Preset<never, never> {
  const intervalMs = life === 'short' ? (pace.shortSeconds * 1000) / 4 : pace.beatMs
  return {
    ...preset,
    ...(preset.heartbeat && { heartbeat: { ...preset.heartbeat, intervalMs } }),
    ...(preset.liveness && { liveness: { ...preset.liveness, idleMs: pace.idleMs, answerMs: pace.answerMs } }),
  }
}

/** A ticket is renewed after half its life, so its life has to be short for that to be seen; a single one's end is a deed of its own. */
const lifeFor =
  (deed: Deed) =>
  ({ right }: Kind): 'short' | 'long' => {
    if (right === 'single') return deed === 'expire' ? 'short' : 'long'
    return right === 'ticket' || deed === 'expire' || deed === 'silence' ? 'short' : 'long'
  }

/** Every preset over one front. */
export function conformance(makeFront: () => Promise<Front>): void {
  describe.each(Object.keys(roles))('%s', (name) => {
    test('connects, and what is said is answered', async () => {
      const it = await stage(makeFront, name)
      await it.connected()
      expect(it.since()).toEqual(['connected'])
      // A starved machine may miss a deadline before it is connected; in virtual time nobody does.
      if (it.front.name === 'in memory') assert.deepEqual([it.trail[0], it.mints(), it.dials()], ['connecting', 1, it.kind.link ? 1 : 0])
      if (it.kind.link) await it.exchange()
    })

    test('is renewed on the same socket, without anybody noticing', async () => {
      const it = await stage(makeFront, name, lifeFor('renew'))
      await it.connected()
      if (it.kind.right === 'single') return it.exchange()
      await it.front.until('three renewals', () => it.mints() >= 4)
      if (it.kind.link) await it.exchange()
      expect(it.since()).toEqual(['connected'])
      expect(it.dials()).toBe(it.kind.link ? 1 : 0)
    })

    test.each<Deed>(['expire', 'rotate', 'revoke', 'silence'])('%s: what the traits say, and it comes back by itself', async (deed) => {
      const it = await stage(makeFront, name, lifeFor(deed))
      await it.connected()
      await it.does(deed)
      const { status, dropped } = outcomeOf(deed, it.kind)
      if (status === 'connected' && it.kind.right !== 'single') await it.front.until('two renewals', () => it.mints() >= 3)
      await it.until(status)
      if (dropped !== undefined) {
        await lose(it)
        await it.until(dropped)
      }
      it.undo()
      await it.until('connected')
      if (it.kind.link) await it.exchange()
    })

    test('a socket that is lost is opened again, and the conversation goes on as far as it can', async () => {
      const it = await stage(makeFront, name)
      if (!it.kind.link) return
      await it.connected()
      await it.exchange()
      it.cast.station.faults.drop()
      await it.front.until('the second socket', () => it.readies.length === 2 && it.now() === 'connected')
      expect(it.since()).toEqual(['connected', 'reconnecting', 'connected'])
      expect(it.readies[1]!.resumed).toBe(resumes(it.kind))
      expect(it.notices.map((notice) => notice.name)).toEqual(noticesAfterDrop(it.kind))
      await it.exchange()
      expect(it.dials()).toBe(2)
    })

    test('pauses and resumes as asked', async () => {
      const it = await stage(makeFront, name)
      await it.connected()
      it.session.pause()
      await it.until('paused asked')
      await it.front.until('no socket', () => it.cast.station.faults.open === 0)
      it.session.resume()
      await it.until('connected')
      if (it.kind.link) await it.exchange()
      expect(it.notices.map((notice) => notice.name)).toEqual(noticesAfterDrop(it.kind))
    })

    test('closes, tells whom it has to tell, and leaves nothing behind', async () => {
      const it = await stage(makeFront, name)
      await it.connected()
      const closing = it.session.close()
      expect(it.now()).toBe('closed')
      await it.front.until('no socket', () => it.cast.station.faults.open === 0 && it.front.leftovers() === 0)
      await closing
      expect(it.released).toHaveLength(it.preset.release ? 1 : 0)
    })
  })
}

/** The socket is lost, when what is held is of no use any more. */
async function lose({ front, cast, session, kind }: Stage): Promise<void> {
  if (kind.right === 'ticket') {
    const over = front.world.now() + front.pace.shortSeconds * 1000
    await front.until('the ticket is over', () => front.world.now() > over)
  }
  expect(session.status.name).toBe('connected')
  cast.station.faults.drop()
}
