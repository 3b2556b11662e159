/** Arithmetic of waiting. Chance comes in as a number in [0, 1), time as milliseconds; nothing here reads either. */
import type { Grant, Id, Ms } from './state.ts'
import type { CodeRange, SourceTraits } from './traits.ts'

/** Deadline of one token request; never longer than a beat, so that a silent endpoint does not cost two. */
export const answerMs = (beatMs: Ms): Ms => Math.min(10_000, beatMs)
export const connectMs: Ms = 10_000
/** A time to connect this short is not worth keeping fresh: such a ticket is minted at the dial. */
export const shortMs: Ms = 60_000
export const readyMs: Ms = 10_000
export const ackMs: Ms = 10_000
export const suspectMs: Ms = 10_000
/** A link that was up this long starts a new streak when it drops. */
export const stableMs: Ms = 60_000
/** Handshakes that go on failing may mean that the grant died a second time: a fresh one is asked for so often. */
export const forcedEveryMs: Ms = 480_000
/** So many fresh generations rejected in a row are a refusal. */
export const rejectedAtMost = 3

const bucketSize = 3
/** One mint per this long, once the bucket is empty. */
export const refillMs = (beatMs: Ms): Ms => Math.min(5000, beatMs / 2)

type Bucket = { readonly left: number; readonly at: Ms }

const filled = (bucket: Bucket, beatMs: Ms, now: Ms): number => Math.min(bucketSize, bucket.left + (now - bucket.at) / refillMs(beatMs))

/** When the bucket next holds a whole token; in the past, if it does already. */
export const bucketAt = (bucket: Bucket, beatMs: Ms): Ms => bucket.at + (1 - bucket.left) * refillMs(beatMs)

export const taken = (bucket: Bucket, beatMs: Ms, now: Ms): Bucket => ({ left: Math.max(0, filled(bucket, beatMs, now) - 1), at: now })

/** What has run in until now, before a new beat changes the pace. */
export const refilled = (bucket: Bucket, beatMs: Ms, now: Ms): Bucket => ({ left: filled(bucket, beatMs, now), at: now })

/** Wait after the `tries`-th failure in a row (0 = first): min(5 s, beat/2) doubling to min(60 s, beat), minus up to 10 %. */
export function failureDelay(tries: number, beatMs: Ms, random: number): Ms {
  const full = Math.min(refillMs(beatMs) * 2 ** Math.min(tries, 16), Math.min(60_000, beatMs))
  return full * (1 - 0.1 * random)
}

/** Wait after the `tries`-th refusal in a row (0 = first): by default 30 s doubling to 8 min, minus up to 20 %. */
export function probeDelay(tries: number, probe: SourceTraits['probe'], random: number): Ms {
  return Math.min(probe.firstMs * 2 ** Math.min(tries, 16), probe.capMs) * (1 - 0.2 * random)
}

const dialBaseMs = 1000
const dialCapMs = 30_000
/** After 1012 (service restart) everybody comes back at once: a wider first window. */
const restartBaseMs = 5000

/** A server may not send its clients away for longer, whatever number its frames hold. */
export const spreadAtMostMs: Ms = 3_600_000

/** Full jitter: anywhere between at once and the window of this attempt (1 = first retry). */
export function dialDelay(attempt: number, restart: boolean, random: number): Ms {
  return random * Math.min(dialCapMs, (restart ? restartBaseMs : dialBaseMs) * 2 ** Math.min(attempt - 1, 16))
}

/** The beat: the preset's interval, or half of what the grant lives if that is shorter. A lease never outlives its grace. */
export const beatOf = ({ kind, intervalMs, graceMs }: SourceTraits, lifetimeMs: Ms): Ms =>
  Math.min(intervalMs ?? Infinity, (kind === 'lease' ? Math.min(lifetimeMs, graceMs) : lifetimeMs) / 2)

/** The pace of bucket and backoff: below a second a beat would turn them into a storm. */
export const paceOf = (beatMs: Ms): Ms => Math.max(1000, beatMs)

/**
 * A new grant's times, counted from the request's start: the answer may have been long on its way. The renewal comes a
 * little early (up to 10 %), and never sooner than half a beat from now, whatever a slow endpoint did.
 */
export function grantOf(
  traits: SourceTraits,
  mint: { flight: Id; startedAt: Ms; lifetimeMs: Ms; connectByMs: Ms | null },
  now: Ms,
  random: number,
): Grant {
  const beat = beatOf(traits, mint.lifetimeMs)
  const beats = traits.atDial || (traits.kind === 'lease' && traits.intervalMs === null) ? Infinity : beat
  return {
    gen: mint.flight,
    renewAt: Math.max(mint.startedAt + beats * (1 - 0.1 * random), now + beats / 2),
    // A handshake needs time too: a quarter of the window is kept for it.
    dialBefore: mint.startedAt + 0.75 * Math.min(mint.connectByMs ?? Infinity, traits.kind === 'ticket' ? mint.lifetimeMs : Infinity),
    spent: false,
  }
}

/** What a close code after open means. The first range that holds it decides; an unknown code is a retry. */
export function verdictOf(codes: readonly CodeRange[], code: number): CodeRange['then'] {
  return codes.find((range) => range.from <= code && code <= range.to)?.then ?? 'retry'
}
