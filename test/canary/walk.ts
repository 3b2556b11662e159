/** A random walk through the shell: an application that does anything, between a backend and a provider that do anything. */
import { accessing } from './accessing.ts'
import { createTokenSource, definePreset } from '../../src/index.ts'
import type { PageFact, Preset } from '../../src/index.ts'
import {
  acceptsEverybody,
  answersHtml,
  answersMuch,
  answersNothing,
  answersTokens,
  closesWith,
  failsWith,
  hangsHandshake,
  isSilent,
  providerUrl,
  refuses,
  refusesHandshake,
  sameTokenAgain,
  see,
  Story,
  throwsLater,
  throwsSynchronously,
  type Behaviour,
  type Service,
} from '../stories/backends.ts'

/** Mulberry32. */
export function dice(seed: number): { next(): number; of<T>(things: readonly T[]): T; chance(p: number): boolean } {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  return { next, of: (things) => things[Math.floor(next() * things.length)]!, chance: (p) => next() < p }
}

type Message = { type: string; id?: string }

const common = {
  docs: '',
  url: () => providerUrl,
  rest: ['https://api.test'],
  verify: { url: 'https://api.test/me' },
  control: (message: Message) =>
    message.type === 'ready'
      ? ({ is: 'ready', continuity: message.id ?? 'c' } as const)
      : message.type === 'no'
        ? ({ is: 'rejected' } as const)
        : undefined,
  messages: { envelope: (message: unknown) => typeof (message as Message | null)?.type === 'string' },
  closeCodes: [
    { from: 4401, to: 4401, then: 'reauthorise' },
    { from: 4403, to: 4403, then: 'stop' },
  ],
} as const

const presets: readonly Preset<Message>[] = [
  definePreset<Message, unknown>({
    ...common,
    name: 'ticket',
    token: { kind: 'ticket' },
    ready: 'frame',
    continuity: { kind: 'query', name: 'resume' },
  }),
  definePreset<Message, unknown>({
    ...common,
    name: 'first frame',
    token: { kind: 'ticket', placement: { in: 'first-frame', frame: (token) => ({ auth: token }) } },
  }),
  definePreset<Message, unknown>({
    ...common,
    name: 'subprotocol',
    token: { kind: 'ticket', use: 'single', placement: { in: 'subprotocol', protocols: (token) => ['app', token] } },
  }),
  definePreset<Message, unknown>({
    ...common,
    name: 'lease',
    token: { kind: 'lease' },
    heartbeat: { intervalMs: 20_000, graceMs: 60_000 },
    release: true,
  }),
  definePreset<Message, unknown>({
    ...common,
    name: 'shown',
    token: { kind: 'lease' },
    heartbeat: { intervalMs: 20_000, show: (token) => ({ renewed: token }) },
    liveness: { idleMs: 15_000, probe: () => ({ type: 'ping' }) },
  }),
  definePreset<Message, unknown>({
    ...common,
    name: 'broken',
    token: { kind: 'lease' },
    heartbeat: {
      intervalMs: 20_000,
      show: (token) => {
        throw new Error(`cannot show ${token}`)
      },
    },
  }),
]

const backends = (plain: boolean): readonly Behaviour[] => [
  ...Array.from({ length: 6 }, () => answersTokens({ expiresIn: 120, handle: 'tx', plain })),
  answersTokens({ expiresIn: 0, plain }),
  refuses('login_required'),
  refuses('key_refused'),
  refuses('revoked'),
  refuses('quota', { retryAfter: 20 }),
  refuses('quota', { status: 402 }),
  refuses('forbidden'),
  failsWith(500),
  answersHtml(),
  answersNothing(),
  answersMuch(),
  isSilent(),
  throwsLater(),
  throwsSynchronously(),
  sameTokenAgain(),
]

const services: readonly Service[] = [
  ...Array.from({ length: 6 }, () => acceptsEverybody({ type: 'ready' })),
  closesWith(4401),
  closesWith(1006),
  closesWith(1012),
  refusesHandshake(),
  hangsHandshake(),
  acceptsEverybody(),
]

const facts: readonly PageFact[] = ['away', 'back', 'hidden', 'visible', 'online', 'offline']

export interface Walked {
  readonly story: Story<Message>
  readonly steps: readonly string[]
  /** Calls of `source.prefetch()` that wait for an answer; they go on without a session. */
  readonly wishes: () => number
}

export async function walk(seed: number, steps = 60): Promise<Walked> {
  const roll = dice(seed)
  const preset = roll.of(presets)
  const plain = preset.name === 'subprotocol'
  let constructorThrows = false
  let wishes = 0
  const done: string[] = []
  const it: Story<Message> = new Story<Message>(
    {
      seed,
      asks: roll.of(['endpoint', 'callback']),
      tokens: answersTokens({ expiresIn: 120, plain }),
      provider: acceptsEverybody({ type: 'ready' }),
      host: (host) => ({
        ...host,
        socket(url, protocols) {
          // As a browser words it.
          if (constructorThrows)
            throw new SyntaxError(`Failed to construct 'WebSocket': The URL '${url}' or the subprotocol '${protocols.join()}' is invalid.`)
          return host.socket(url, protocols)
        },
      }),
    },
    ({ host, tokenSource }) => {
      const source = see('source', createTokenSource(tokenSource as string, { host, preset }))
      shared.push(source)
      return { preset, host, tokenSource: source, pauseWhenHiddenMs: 30_000, ...(roll.chance(0.2) && { giveUpAfterMs: 60_000 }) }
    },
  )
  const source = shared.pop()!
  it.world.serve('https://api.test', () => Promise.resolve(new Response(null, { status: roll.of([200, 401, 500]) })))
  const { session, world, backend, provider } = it
  const verbs: Record<string, () => unknown> = {
    connect: () => void session.connect().catch((error: unknown) => see('rejection', error)),
    again: () => void session.connect().catch((error: unknown) => see('rejection', error)),
    pause: () => session.pause(),
    resume: () => session.resume(),
    close: () => void session.close(),
    send: () => see('said', session.send({ type: 'hello' })),
    access: () => accessing(session, roll.chance(0.5)),
    prefetch: () => {
      wishes++
      void source.prefetch().then(() => wishes--)
    },
    reset: () => source.reset(),
    page: () => world.page(roll.of(facts)),
    sleep: () => world.sleep(roll.next() * 100_000),
    skew: () => world.skewWall((roll.next() - 0.5) * 1e9),
    backend: () => backend.now(roll.of(backends(plain))),
    provider: () => provider.now(roll.of(services)),
    drop: () => provider.drop(roll.of([undefined, 1000, 1012, 4401, 4401, 4403])),
    say: () => provider.say(roll.of<unknown>([{ type: 'hi' }, { type: 'no' }, 'no JSON', { odd: 1 }])),
    constructor: () => (constructorThrows = roll.chance(0.3)),
  }
  for (let step = 0; step < steps; step++) {
    const verb = step === 0 ? 'connect' : roll.of(Object.keys(verbs))
    done.push(verb)
    await verbs[verb]!()
    await world.advance(roll.of([0, 0, 100, 3000, 20_000, 70_000]))
  }
  return { story: it, steps: done, wishes: () => wishes }
}

/** The source is made inside the story's constructor. */
const shared: ReturnType<typeof createTokenSource>[] = []
