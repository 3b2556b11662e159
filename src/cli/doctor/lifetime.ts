import { ok, problem, warning } from './finding.ts'
import type { Finding } from './finding.ts'
import type { Grant } from './first-answer.ts'

/** A number of seconds above this is a time of day: 31 years. */
const epoch = 1e9
const absoluteNames = ['expires_at', 'expiresAt', 'expires', 'expiry', 'expiration', 'exp']

/** How long the token lives, by what the answer says and by what stands in the token. */
export function lifetime({ json = {}, token }: Grant): readonly Finding[] {
  const jwt = readJwt(token)
  const alg = jwt === undefined ? [] : [algorithm(jwt)]
  const inside = lifeOf(jwt)
  const said = json['expires_in']
  const seconds = secondsIn(said)
  if (seconds > epoch || (typeof said === 'string' && Number.isNaN(seconds) && !Number.isNaN(Date.parse(said)))) {
    return [problem('absolute-time', 'expires_in is a time of day, not seconds from now'), ...alg]
  }
  const absolute = absoluteNames.find((name) => Object.hasOwn(json, name))
  if (said === undefined || said === null) {
    if (absolute !== undefined) return [problem('absolute-time', `there is ${absolute} and no expires_in`), ...alg]
    if (inside === undefined) return [problem('expires-in', 'there is no expires_in, and the token says no lifetime either'), ...alg]
    return [warning('expires-in', `there is no expires_in; the token itself lives ${inside} s`), length(inside), ...alg]
  }
  if (!(seconds > 0)) return [problem('expires-in', 'expires_in is not a positive number of seconds'), ...alg]
  const spelled = typeof said === 'number' ? ok('expires-in', `${seconds} s`) : warning('expires-in', 'expires_in is a text, not a number')
  return [spelled, length(seconds), ...(inside === undefined ? [] : [agreement(seconds, inside)]), ...alg]
}

function length(seconds: number): Finding {
  if (seconds < 5) return problem('lifetime', `the token lives ${seconds} s, less than 5`)
  return seconds > 3600 ? warning('lifetime', `the token lives ${seconds} s, more than an hour`) : ok('lifetime', `${seconds} s`)
}

/** Less than the token's own life is right: part of it may be over when the answer leaves. */
function agreement(seconds: number, inside: number): Finding {
  return seconds > inside + 2
    ? problem('jwt-life', `expires_in says ${seconds} s, the token inside lives ${inside} s (exp − iat)`)
    : ok('jwt-life', `the token inside lives ${inside} s`)
}

function algorithm({ header }: Jwt): Finding {
  const alg = header['alg']
  if (typeof alg !== 'string' || alg.toLowerCase() === 'none') return problem('jwt-alg', 'the token is not signed (alg none)')
  return ok('jwt-alg', `signed with ${alg.slice(0, 20)}`)
}

interface Jwt {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/** Read, not checked: the doctor has no key. */
export function readJwt(token: string): Jwt | undefined {
  const [header, claims, , ...more] = token.split('.').map(objectIn)
  return header && claims && more.length === 0 ? { header, claims } : undefined
}

function objectIn(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function lifeOf(jwt: Jwt | undefined): number | undefined {
  const { exp, iat } = (jwt?.claims ?? {}) as { exp?: unknown; iat?: unknown }
  return typeof exp === 'number' && typeof iat === 'number' ? exp - iat : undefined
}

/** RFC 6749 has a number; a numeric text is what some endpoints send, and the page takes it. */
function secondsIn(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' ? number : NaN
}
