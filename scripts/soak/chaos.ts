/** What goes wrong, all the time and everywhere, and is mended again a little later. The kinds are those of docs/reliability.md. */
import type { PageName } from './casts.ts'
import type { Chance } from './chance.ts'
import { count } from './figures.ts'
import type { Figures } from './figures.ts'
import type { House, Server } from './house.ts'
import type { Answer, TokenWay } from './token-way.ts'
import type { Connection, Handshake, Way } from './way.ts'

export interface ChaosOptions {
  readonly pages: readonly PageName[]
  readonly chance: Chance
  readonly figures: Figures
  readonly house: House
  readonly ways: readonly Way[]
  readonly tokens: TokenWay
}

export interface Chaos {
  /** Nothing new goes wrong, and whatever is wrong is mended. */
  heal(): Promise<void>
}

const turnMs = 200
/** About so often each connection, and each page's way to its servers, is hit. */
const connectionEveryMs = 50_000
const pageEveryMs = 60_000
const houseEveryMs = 12_000

const codes = [1001, 1008, 1011, 1012, 1013, 3000, 4100, 4101, 4102, 4104, 4200, 4201, 4401, 4402, 4403, 4500] as const
const html = '<!doctype html><title>Sign in</title><form></form>'

export function startChaos({ pages, chance, figures, house, ways, tokens }: ChaosOptions): Chaos {
  const { providers, a, b } = house.servers
  const later = new Map<NodeJS.Timeout, () => void>()
  const after = (ms: number, run: () => void): void => {
    const timer = setTimeout(() => {
      later.delete(timer)
      run()
    }, ms)
    later.set(timer, run)
  }

  const connectionFaults: readonly (readonly [string, number, (connection: Connection) => boolean | void])[] = [
    ['T5 reset', 3, (connection) => connection.cut('rst')],
    ['T5 ended without a farewell', 3, (connection) => connection.cut('fin')],
    [
      'T6 half-open',
      2,
      (connection) => {
        connection.silence()
        // Longer than anybody's idle time and answer; then the network notices.
        after(chance.between(80_000, 120_000), () => connection.cut('rst'))
      },
    ],
    ['T3 close code', 4, (connection) => connection.close(chance.pick(codes))],
    ['T3 close 1000 or 4000', 0.1, (connection) => connection.close(chance.pick([1000, 4000]))],
    ['T12 no message', 1, (connection) => connection.babble()],
    ['T11 repeated', 2, (connection) => connection.repeat()],
  ]

  const handshakes: readonly (readonly [string, () => Handshake])[] = [
    ['T1 refused', () => ({ is: 'refused', status: chance.pick([401, 403, 429, 503]) })],
    ['T2 hung', () => ({ is: 'hung' })],
    ['T3 closed at once', () => ({ is: 'closed', code: chance.pick(codes) })],
    ['T4 never ready', () => ({ is: 'mute' })],
    ['T5 reset in the handshake', () => ({ is: 'reset' })],
  ]

  const answers: readonly (readonly [string, number, () => Answer])[] = [
    ['E1 401, 403', 3, () => chance.pick<Answer>([status(401, 'login_required'), status(403, 'key_refused'), status(403, 'revoked')])],
    ['E1 forbidden', 0.1, () => status(403, 'forbidden')],
    ['E2 402, 409', 1, () => status(chance.pick([402, 409]), 'quota')],
    ['E2 429 with Retry-After', 3, () => ({ ...status(429, 'quota'), retryAfter: Math.ceil(chance.between(2, 9)) })],
    ['E3 503 with Retry-After', 2, () => ({ ...status(503, 'unavailable'), retryAfter: Math.ceil(chance.between(2, 9)) })],
    ['E3 500, 502, 503, 504', 3, () => status(chance.pick([500, 502, 503, 504]), 'unavailable')],
    ['E4 broken connection', 2, () => ({ is: 'cut', half: chance.happens(0.5) })],
    ['E5 no answer', 3, () => ({ is: 'silence' })],
    ['E6 HTML', 1, () => ({ is: 'body', name: 'HTML', type: 'text/html', body: html })],
    ['E6 no JSON', 1, () => ({ is: 'body', name: 'no JSON', type: 'application/json', body: '{"access_token":' })],
    [
      'E6 wrong types',
      1,
      () => ({ is: 'body', name: 'wrong types', type: 'application/json', body: '{"access_token":7,"expires_in":[]}' }),
    ],
    [
      'E6 20 KB',
      1,
      () => ({ is: 'body', name: '20 KB', type: 'application/json', body: JSON.stringify({ access_token: 'x'.repeat(20_000) }) }),
    ],
    ['E7 the same again', 1, () => ({ is: 'again' })],
    ['E8 late', 1, () => ({ is: 'slow', ms: 13_000 })],
    ['slow', 2, () => ({ is: 'slow', ms: chance.between(500, 4_000) })],
  ]

  const restart = (server: Server, signal: 'SIGKILL' | 'SIGTERM'): void => void server.restart(signal, chance.between(300, 5_000))
  const houseFaults: readonly (readonly [string, number, () => void])[] = [
    ['S1 providers killed', 1, () => restart(providers, 'SIGKILL')],
    ['S1 gateway killed', 2, () => restart(chance.pick([a, b]), 'SIGKILL')],
    ['T9 gateway drained', 2, () => restart(chance.pick([a, b]), 'SIGTERM')],
    [
      'K1 key rotated',
      2,
      () => {
        void rotate()
      },
    ],
    ['K2 right withdrawn', 2, () => withdraw(chance.between(0.02, 0.1))],
    ['K3 grants over', 1, () => void providers.ask({ is: 'expire' })],
    ['sockets dropped by a provider', 1, () => void providers.ask({ is: 'drop', code: chance.pick([undefined, 1001, 1011, 1012, 4401]) })],
    ['E3 all token endpoints', 1, () => everywhere(status(503, 'unavailable'), chance.between(3_000, 20_000))],
    ['E5 all token endpoints', 1, () => everywhere({ is: 'silence' }, chance.between(3_000, 15_000))],
    [
      'T5 all connections of a route',
      1,
      () => {
        for (const connection of [...chance.pick(ways).live]) connection.cut('rst')
      },
    ],
  ]

  async function rotate(): Promise<void> {
    if ((await providers.ask({ is: 'rotate', which: chance.pick(['bithuman', 'hume']) })) === null) return
    after(chance.between(1_000, 15_000), () => {
      count(figures, 'K1 key installed')
      void providers.ask({ is: 'install' })
    })
  }

  function withdraw(share: number): void {
    for (const { page, cast } of pages) {
      if (cast.route !== 'gateway' || !chance.happens(share)) continue
      const server = chance.pick([a, b])
      void server.ask({ is: 'revoke', user: page })
      after(chance.between(1_000, 15_000), () => {
        count(figures, 'K2 right given again')
        tokens.since.set(page, Date.now())
      })
    }
  }

  function everywhere(answer: Answer, forMs: number): void {
    for (const { page } of pages) during(tokens.troubles, page, answer, forMs)
  }

  function during<T>(troubles: Map<string, T>, page: string, trouble: T, forMs: number): void {
    troubles.set(page, trouble)
    after(forMs, () => {
      if (troubles.get(page) === trouble) troubles.delete(page)
    })
  }

  function hitConnection(): void {
    const { live } = chance.pick(ways)
    const connection = [...live][Math.floor(chance.next() * live.size)]
    if (!connection) return
    const [name, , hit] = weighted(connectionFaults, chance)
    if (hit(connection) !== false) count(figures, `F ${name}`)
  }

  function hitPage(): void {
    const { page, cast } = chance.pick(pages)
    if (chance.happens(0.6)) {
      const [name, , make] = weighted(answers, chance)
      count(figures, `F ${name}`)
      return during(tokens.troubles, page, make(), chance.between(5_000, 30_000))
    }
    const [name, make] = chance.pick(handshakes)
    count(figures, `F ${name}`)
    const way = ways[cast.route === 'gateway' ? 1 : 0]!
    during(way.troubles, page, make(), chance.between(2_000, 15_000))
    // It shows at the next dial: which is now.
    for (const connection of [...way.live]) if (connection.session.startsWith(`${page}-`)) connection.cut(chance.pick(['rst', 'fin']))
  }

  const sometimes = (expected: number, run: () => void): void => {
    for (let left = expected; left > 0; left--) if (chance.happens(Math.min(1, left))) run()
  }
  const turn = setInterval(() => {
    const live = ways.reduce((sum, way) => sum + way.live.size, 0)
    sometimes((live * turnMs) / connectionEveryMs, hitConnection)
    sometimes((pages.length * turnMs) / pageEveryMs, hitPage)
    sometimes(turnMs / houseEveryMs, () => {
      const [name, , hit] = weighted(houseFaults, chance)
      count(figures, `F ${name}`)
      hit()
    })
  }, turnMs)

  return {
    async heal() {
      clearInterval(turn)
      for (const timer of later.keys()) clearTimeout(timer)
      later.clear()
      for (const way of ways) way.troubles.clear()
      tokens.troubles.clear()
      await Promise.all([providers, a, b].map((server) => server.ready()))
      await providers.ask({ is: 'install' })
      for (const { page } of pages) tokens.since.set(page, Date.now())
      // What the network lost is lost; it says so now.
      for (const way of ways) for (const connection of [...way.silent]) connection.cut('rst')
    },
  }
}

const status = (code: number, error: string): Extract<Answer, { is: 'status' }> => ({ is: 'status', status: code, error })

/** One of these, by their weights. */
function weighted<T extends readonly [string, number, ...unknown[]]>(of: readonly T[], chance: Chance): T {
  let at = chance.next() * of.reduce((sum, [, weight]) => sum + weight, 0)
  return of.find(([, weight]) => (at -= weight) < 0) ?? of[0]!
}
