/** Counters of a run, by name. */
export type Figures = Record<string, number>

export const count = (figures: Figures, name: string, by = 1): void => void (figures[name] = (figures[name] ?? 0) + by)

export const sumOf = (figures: Figures, prefix: string): number =>
  Object.entries(figures).reduce((sum, [name, value]) => sum + (name.startsWith(prefix) ? value : 0), 0)

/** How many sessions a run had, for how long. */
export interface Length {
  readonly sessions: number
  readonly minutes: number
}

const normal: Length = { sessions: 500, minutes: 30 }

/** What a run of the normal length has at the least: a third to two fifths of what such runs had. */
const floors: readonly (readonly [what: string, of: (figures: Figures) => number, least: number])[] = [
  ['faults', (figures) => sumOf(figures, 'F '), 10_000],
  ['dials', (figures) => figures['dials'] ?? 0, 17_500],
  ['messages', (figures) => figures['messages sent'] ?? 0, 73_000],
]

/** About how often each kind of chaos hits in a run of the normal length, where it goes by sessions. */
const bySessions: Figures = {
  'F T5 reset': 2_000,
  'F T5 ended without a farewell': 2_000,
  'F T6 half-open': 1_300,
  'F T3 close code': 2_600,
  'F T3 close 1000 or 4000': 60,
  'F T12 no message': 600,
  'F T11 repeated': 600,
  'F T1 refused': 1_000,
  'F T2 hung': 1_000,
  'F T3 closed at once': 1_000,
  'F T4 never ready': 1_000,
  'F T5 reset in the handshake': 1_000,
  'F E1 401, 403': 900,
  'F E1 forbidden': 30,
  'F E2 402, 409': 300,
  'F E2 429 with Retry-After': 900,
  'F E3 503 with Retry-After': 600,
  'F E3 500, 502, 503, 504': 900,
  'F E4 broken connection': 600,
  'F E5 no answer': 900,
  'F E6 HTML': 300,
  'F E6 no JSON': 300,
  'F E6 wrong types': 300,
  'F E6 20 KB': 300,
  'F E7 the same again': 300,
  'F E8 late': 300,
  'F slow': 600,
  'A pause': 1_400,
  'A pause and resume at once': 1_400,
  'A connect': 1_400,
  'A resume': 1_400,
  'A close': 1_400,
  'A close and connect at once': 1_400,
  'A close twice': 1_400,
  'A reset': 1_400,
  'A abort': 1_400,
  'A burst': 1_400,
  'A burst while paused': 1_400,
  'A a listener throws': 1_400,
  'A a listener pauses': 1_400,
  'A a listener connects': 1_400,
  'A a listener closes': 1_400,
  'A online, offline': 70,
  // And what arrived of what was put in the way.
  'handshake refused': 500,
  'handshake hung': 500,
  'handshake closed': 500,
  'handshake mute': 500,
  'handshake reset': 500,
  'token cut': 200,
  'token silence': 300,
  'token again': 100,
  'token slow': 200,
  'token 401': 100,
  'token 402': 50,
  'token 403': 200,
  'token 409': 50,
  'token 429': 300,
  'token 500': 50,
  'token 502': 50,
  'token 503': 300,
  'token 504': 50,
  'token HTML': 100,
  'token no JSON': 100,
  'token wrong types': 100,
  'token 20 KB': 100,
}

/** The same of what hits the servers, however many sessions there are. */
const byMinutes: Figures = {
  'F S1 providers killed': 10,
  'F S1 gateway killed': 20,
  'F T9 gateway drained': 20,
  'F K1 key rotated': 20,
  'F K2 right withdrawn': 20,
  'F K3 grants over': 10,
  'F sockets dropped by a provider': 10,
  'F E3 all token endpoints': 10,
  'F E5 all token endpoints': 10,
  'F T5 all connections of a route': 10,
}

/** For the tests, which hold them to what chaos and applications know. */
export const tables = { bySessions, byMinutes } as const

/** A kind that is to hit ten times hits not once in fewer than one of twenty thousand runs. */
const surely = 10

const times =
  (factor: number) =>
  ([name, expected]: readonly [string, number]): readonly [string, number] => [name, expected * factor]

/** What a run of this length has too little of to show anything, in words; and kinds of chaos that these tables do not know. */
export function lackingIn(figures: Figures, { sessions, minutes }: Length): readonly string[] {
  const lengths = minutes / normal.minutes
  const share = lengths * (sessions / normal.sessions)
  const few = floors.flatMap(([what, of, least]) => {
    const due = Math.ceil(least * share)
    return of(figures) < due ? [`${of(figures)} ${what}, where ${due} are the least`] : []
  })
  const never = [...Object.entries(bySessions).map(times(share)), ...Object.entries(byMinutes).map(times(lengths))]
    .filter(([name, expected]) => expected >= surely && !figures[name])
    .map(([name, expected]) => `never “${name.replace(/^[FA] /, '')}”, where about ${Math.round(expected)} times are expected`)
  const unknown = Object.keys(figures).filter((name) => /^[FA] /.test(name) && !(name in bySessions) && !(name in byMinutes))
  return [...few, ...never, ...unknown.map((name) => `“${name.slice(2)}” is not in the tables of scripts/soak/figures.ts`)]
}
