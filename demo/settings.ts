import { presets } from './contract.ts'
import type { PresetName } from './contract.ts'

/** What the address asks for: `?preset=…&beat=…&ttl=…&grace=…&probe=…`, durations in seconds. */
export interface Settings {
  readonly preset: PresetName
  /** Between two beats of a bitHuman lease; at most half of `ttl`. The others do not ask. */
  readonly beat: number
  /** Life of a token at the emulated provider. */
  readonly ttl: number
  /** How long a bitHuman lease outlives its last good beat. */
  readonly grace: number
  /** First delay and longest delay between two probes while refused. */
  readonly probe: number
}

export type Interval = Exclude<keyof Settings, 'preset'>

/** Short enough that a person sees a whole cycle. What is real stands beside it on the page. */
const short: Readonly<Record<Interval, number>> = { beat: 5, ttl: 20, grace: 15, probe: 4 }
/** At AgentHuman the end of a token is the end of the session, and somebody is in the middle of it. */
const shortSession = 45

/** What the providers document, and the library's own first probe. */
export const real: Readonly<Record<PresetName, Partial<Record<Interval, number>>>> = {
  'hume-evi': { ttl: 1800, probe: 30 },
  'hume-tts': { ttl: 1800, probe: 30 },
  bithuman: { beat: 60, ttl: 300, grace: 300, probe: 30 },
  'bithuman-lease': { beat: 60, ttl: 300, grace: 300, probe: 30 },
  agenthuman: { ttl: 3600, probe: 30 },
  huechat: { ttl: 120, probe: 30 },
}

/** Which intervals mean something for a preset. */
export const intervalsOf = (preset: PresetName): Interval[] => Object.keys(real[preset]) as Interval[]

export function settingsFrom(query: URLSearchParams): Settings {
  const asked = query.get('preset')
  const preset = presets.find((name) => name === asked) ?? 'hume-evi'
  return {
    preset,
    beat: seconds(query, 'beat', short.beat),
    ttl: seconds(query, 'ttl', preset === 'agenthuman' ? shortSession : short.ttl),
    grace: seconds(query, 'grace', short.grace),
    probe: seconds(query, 'probe', short.probe),
  }
}

/** A number above 0 and of at most a day; anything else is the default. */
function seconds(query: URLSearchParams, name: Interval, otherwise: number): number {
  const value = Number(query.get(name) ?? Number.NaN)
  return value > 0 && value <= 86_400 ? value : otherwise
}
