import type { Status } from '../src/index.ts'
import type { PresetName } from './contract.ts'

type Code = Extract<Status, { code: unknown }>['code'] | NonNullable<Extract<Status, { name: 'connecting' }>['code']>

/** A code of a status, as half a sentence. */
const because: Readonly<Record<Code, string>> = {
  login_required: 'your backend does not know who is asking',
  key_refused: 'the provider refuses the key that your backend holds',
  revoked: 'your backend withdrew the right to this session',
  rejected: 'the provider refused three fresh tokens in a row',
  quota: 'credit, concurrency or rate is used up',
  network: 'the token endpoint cannot be reached',
  timeout: 'the token endpoint does not answer',
  unavailable: 'the token endpoint is not available',
  malformed: 'the token endpoint answers with something that is no token',
  forbidden: 'the token endpoint forbids it',
  stopped: 'the provider ended it for good',
  bad_configuration: 'the socket could not be made',
  gave_up: 'it took too long',
}

const live: Readonly<Record<PresetName, string>> = {
  'hume-evi': 'Live. The token was checked at the handshake; a fresh one is kept at hand for the next.',
  'hume-tts': 'Live, since the socket is open. The token was checked at the handshake; a fresh one is kept for the next.',
  bithuman: 'Live. Every beat renews the lease, and frames come only while it is held.',
  'bithuman-lease': 'The lease is held and renewed on every beat. There is no socket: an engine of yours takes the token.',
  agenthuman: 'Live. The token went out in the first frame and serves this one session; at its end another session begins.',
  huechat: 'Live. HueChat has no socket: its webhooks come through your gateway, which holds the key and gave this page a lease.',
}

/** What a status means, in one sentence for people. */
export function sentenceFor(status: Status, preset: PresetName): string {
  switch (status.name) {
    case 'idle':
      return 'Nothing was asked for yet.'
    case 'connecting':
      return status.code === undefined ? 'Asking for a token, then opening the socket.' : `Trying, but ${because[status.code]}.`
    case 'connected':
      return status.renewal === 'ok' ? live[preset] : `Still live, on borrowed time: no fresh token, because ${because[status.code]}.`
    case 'reconnecting':
      return status.code === undefined ? 'The socket is gone. Opening another one.' : `The socket is gone, and ${because[status.code]}.`
    case 'paused':
      return pausedFor(status, preset)
    case 'closed':
      return 'You closed it. The provider was told; Connect begins anew.'
    case 'failed':
      return `It will not try again by itself: ${because[status.code]}.`
    default:
      return status satisfies never
  }
}

function pausedFor(status: Extract<Status, { name: 'paused' }>, preset: PresetName): string {
  switch (status.reason) {
    case 'asked':
      return 'You paused it. No socket, no questions; the token is kept.'
    case 'hidden':
      return 'The page is away. It goes on when the page is back.'
    case 'refused':
      return `${capital(because[status.code])}. Probing until the answer changes.`
    case 'expired':
      // Nothing was asked while it lived, so nobody is to blame yet.
      if (preset === 'agenthuman') return 'The time of this session is over. Another one begins with the first good answer.'
      return `The lease ran out, and ${because[status.code]}. It goes on with the first good answer.`
    default:
      return status satisfies never
  }
}

/** The same in a few words, for the log. */
export function lineFor(status: Status): string {
  const parts: string[] = [status.name]
  if ('reason' in status) parts.push(status.reason)
  if ('renewal' in status && status.renewal === 'failing') parts.push('renewal failing')
  if ('code' in status && status.code !== undefined) parts.push(status.code)
  return parts.join(' · ')
}

/** Seconds with one digit below a minute, minutes and seconds above. */
export function span(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')} min`
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
