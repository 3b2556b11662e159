import type { TokenAsk } from './mint/mint.ts'

const reasons: ReadonlySet<string> = new Set(['connect', 'renew', 'rejected', 'probe', 'prefetch', 'release'])
const isReason = (value: unknown): value is TokenAsk['reason'] => typeof value === 'string' && reasons.has(value)

/** Names that turn into a prototype when an application merges them somewhere (orbitjs/orbit#1001). */
const poison: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
const deepest = 32

/**
 * Reads the body of a token request. `reason` and `attempt` may be missing (`connect`, 0), so that `{}` is a request.
 * Returns a sentence of ours that says what is wrong, when something is.
 */
export function parseAsk(text: string): TokenAsk | string {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return 'The body is not JSON.'
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'The body must be a JSON object.'
  const fault = faultIn(body)
  if (fault !== undefined) return fault
  const { reason = 'connect', attempt = 0, handle, ...rest } = body as Record<string, unknown>
  if (!isReason(reason)) return 'reason is not one of connect, renew, rejected, probe, prefetch, release.'
  if (typeof attempt !== 'number' || !Number.isSafeInteger(attempt) || attempt < 0) return 'attempt must be a whole number from 0.'
  if (handle !== undefined && handle !== null && !isHandle(handle)) return 'handle must be a string of 1 to 512 printable characters.'
  return { reason, attempt, handle: handle ?? undefined, fields: Object.assign(Object.create(null) as Record<string, unknown>, rest) }
}

export const isHandle = (value: unknown): value is string => typeof value === 'string' && /^[\x21-\x7e]{1,512}$/.test(value)

/** Walks without recursion: 16 KiB of brackets are eight thousand levels. */
function faultIn(body: object): string | undefined {
  const left: { at: object; depth: number }[] = [{ at: body, depth: 1 }]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (next.depth > deepest) return `The body is nested deeper than ${deepest} levels.`
    for (const [key, value] of Object.entries(next.at)) {
      if (poison.has(key)) return 'The body holds a field named __proto__, constructor or prototype.'
      if (typeof value === 'object' && value !== null) left.push({ at: value as object, depth: next.depth + 1 })
    }
  }
  return undefined
}
