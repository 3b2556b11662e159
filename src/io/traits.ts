/** A preset and a session's options, as the data that the core reads. */
import { shortMs } from '../core/policy.ts'
import type { LinkTraits, SourceTraits } from '../core/traits.ts'
import type { PlainSessionOptions, SessionOptions } from '../options.ts'
import type { Preset, SourcePreset } from '../presets/preset.ts'

export function sourceTraits(preset: SourcePreset, probe: SourceTraits['probe'] = { firstMs: 30_000, capMs: 480_000 }): SourceTraits {
  const { token, heartbeat } = preset
  const single = token.use === 'single'
  return {
    kind: token.kind,
    single,
    atDial: token.kind === 'ticket' && (single || (token.connectByMs ?? Infinity) <= shortMs),
    intervalMs: heartbeat?.intervalMs ?? null,
    graceMs: heartbeat?.graceMs ?? Infinity,
    probe,
  }
}

/** A lease, a single-use grant and a signed address serve one session, unless the preset says otherwise. */
export const servesOne = ({ kind, scope, use, placement }: SourcePreset['token']): boolean =>
  scope === undefined ? kind === 'lease' || use === 'single' || placement?.in === 'url' : scope === 'session'

export function linkTraits<In, Out>(preset: Preset<In, Out>, options: SessionOptions<In, Out>): LinkTraits {
  const { liveness } = preset
  return {
    link: preset.url !== undefined,
    ready: preset.ready ?? 'open',
    closeCodes: preset.closeCodes ?? [],
    liveness: liveness ? { idleMs: liveness.idleMs, answerMs: liveness.answerMs ?? 10_000 } : null,
    shows: preset.heartbeat?.show !== undefined,
    verifies: preset.verify !== undefined,
    pauseWhenHiddenMs: options.pauseWhenHiddenMs ?? Infinity,
    giveUpAfterMs: options.giveUpAfterMs ?? Infinity,
  }
}

/** What holds for a grant whose endpoint does not say. */
export interface GrantDefaults {
  readonly lifetimeMs: number
  /** Null: as long as the grant lives. */
  readonly connectByMs: number | null
}

/** The preset's own; else two beats of a lease, or five minutes. */
export const grantDefaults = ({ token, heartbeat }: SourcePreset): GrantDefaults => ({
  lifetimeMs: token.lifetimeMs ?? (heartbeat ? 2 * heartbeat.intervalMs : 300_000),
  connectByMs: token.connectByMs ?? null,
})

/** IANA's registered codes for "unauthorized" and "forbidden", and the private ones that most servers use for the same. */
const usualCodes: NonNullable<Preset['closeCodes']> = [
  { from: 1008, to: 1008, then: 'reauthorise' },
  { from: 3000, to: 3000, then: 'reauthorise' },
  { from: 4401, to: 4401, then: 'reauthorise' },
  { from: 3003, to: 3003, then: 'stop' },
  { from: 4403, to: 4403, then: 'stop' },
]

/** The plain form as a preset: anybody's server, by default a multi-use ticket in `access_token`. */
export function plainPreset<In, Out>(options: PlainSessionOptions<In, Out>): Preset<In, Out> {
  const { url, kind = 'ticket', use = 'multi', placement, ready, control, closeCodes = usualCodes, schemas } = options
  const { heartbeat, liveness, continuity, rest, release } = options
  return {
    name: 'plain',
    docs: 'https://github.com/heartwire/heartwire#readme',
    audience: typeof url === 'string' ? url : 'plain',
    url: typeof url === 'string' ? () => url : url,
    token: { kind, use, placement },
    ready: ready ? 'frame' : 'open',
    control: (message) => (ready?.(message) ? { is: 'ready' } : control?.(message)),
    closeCodes,
    heartbeat,
    liveness,
    continuity,
    messages: { schemas },
    rest,
    release,
  }
}
