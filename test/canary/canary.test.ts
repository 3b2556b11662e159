import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SessionError } from '../../src/index.ts'
import { canary, foundIn, leaksIn, listenToConsole, searched, views } from './canaries.ts'
import { leaksSoFar, nothing, see, story } from '../stories/backends.ts'
import { walk } from './walk.ts'

describe('a leak planted', () => {
  const secret = (): string => canary()

  it.each<[string, (text: string) => unknown]>([
    ['in an event', (text) => ({ name: 'renewal-failed', code: 'network', detail: text })],
    ['in the message of an error', (text) => new SessionError('network', `no answer for ${text}`)],
    ['in a stack', (text) => Object.assign(new Error('fine'), { stack: `Error: fine\n    at ${text}` })],
    ['in a cause', (text) => new SessionError('network', 'fine', { cause: new Error('fine', { cause: new Error(text) }) })],
    ['in a field that JSON leaves out', (text) => Object.defineProperty({}, 'hidden', { value: text })],
    ['behind a symbol', (text) => ({ [Symbol('socket')]: { url: `wss://x.test/?access_token=${text}` } })],
    ['in a toJSON', (text) => ({ toJSON: () => text })],
    ['in a toString', (text) => ({ toString: () => text })],
    [
      'in a getter',
      (text) => ({
        get url() {
          return text
        },
      }),
    ],
    ['in a Map', (text) => new Map([['token', new Set([text])]])],
    ['deep inside', (text) => ({ a: { b: { c: { d: { e: { f: { g: [[[[text]]]] } } } } } } })],
    ['percent-encoded', (text) => `wss://x.test/?access_token=${encodeURIComponent(text)}`],
    ['in base64url', (text) => Buffer.from(text).toString('base64url')],
    ['as its first eight characters', (text) => `token ${text.slice(0, 8)}…`],
    ['in an array of frames', (text) => [{ state: { grant: { gen: 1, token: text } } }]],
  ])('%s is found', (_where, plant) => {
    expect(leaksIn([['sink', plant(secret())]])).not.toEqual([])
  })

  it('in what a session emits, reports or writes to the console is found', async () => {
    const it = await story().connected()
    const [token] = it.backend.tokens as [string]
    const places: [string, () => unknown][] = [
      [
        'message',
        () => {
          it.provider.say({ echo: token })
          return it.world.settle()
        },
      ],
      ['reported', () => it.host.report(new Error(token))],
      ['console', () => console.debug(Object.assign(() => token, { token }))],
      ['trace', () => see('trace', [{ event: { is: 'minted', token } }])],
      ['rejection', () => see('rejection', new Error('x', { cause: token }))],
    ]
    for (const [, plant] of places) await plant()
    expect(new Set(leaksSoFar().map(({ place }) => place))).toEqual(new Set(places.map(([place]) => place)))
  })

  it('is not seen where there is none', () => {
    secret()
    expect(leaksIn([['sink', { harmless: 'Zq Wn access_token' }]])).toEqual([])
    const console = listenToConsole()
    console.stop()
    expect(foundIn(JSON.stringify(console.lines))).toBeNull()
  })
})

describe('no secret shows and nothing is left', () => {
  const seeds = Array.from({ length: 200 }, (_, i) => i + 1)
  const reached = new Set<string>()
  let planted = { ...searched }
  beforeAll(() => void (planted = { ...searched }))
  afterAll(() => {
    const [canaries, places, found] = [
      searched.canaries - planted.canaries,
      searched.places - planted.places,
      searched.found - planted.found,
    ]
    process.stdout.write(
      `Canaries: ${found} found; ${canaries} looked for in ${places} places, each in ${Object.keys(views).length} views.\n`,
    )
  })

  it.each(Array.from({ length: 10 }, (_, i) => seeds.slice(i * 20, i * 20 + 20)))(
    'on the walks of seeds %d to … (20 of them)',
    async (...twenty) => {
      for (const seed of twenty) {
        const { story: it, steps, wishes } = await walk(seed)
        for (const word of it.path) reached.add(word)
        expect(it.session.status, `seed ${seed}`).toBe(it.session.getSnapshot())
        expect(it.statuses.at(-1) ?? { name: 'idle' }, `seed ${seed}: ${steps.join(' ')}`).toEqual(it.session.status)
        // A `prefetch()` that waits for its turn has a timer of its own, which is no session's.
        const { timers, ...left } = await it.leftovers()
        expect({ ...left, timers: wishes() > 0 ? 0 : timers }, `seed ${seed}: ${steps.join(' ')}`).toEqual(nothing)
        expect(leaksSoFar(), `seed ${seed}: ${steps.join(' ')}`).toEqual([])
      }
    },
    30_000,
  )

  it('and the walks meet every status', () => {
    for (const status of [
      'connecting',
      'connected',
      'connected(failing',
      'reconnecting',
      'paused(asked',
      'paused(hidden',
      'paused(refused',
      'paused(expired',
      'closed',
      'failed(forbidden',
      'failed(stopped',
      'failed(gave_up',
      'failed(bad_configuration',
    ]) {
      expect(
        [...reached].some((word) => word.startsWith(status)),
        status,
      ).toBe(true)
    }
  })
})
