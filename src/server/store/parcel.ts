/**
 * An event as the store keeps it: the scope that a lease must have to see it, a line break, and the event's JSON, so that
 * handing it on to a thousand sockets parses nothing.
 */
export interface Parcel {
  /** Empty: every lease may see it. */
  readonly scope: string
  readonly json: string
}

/** @throws TypeError for a scope that no lease can have (RFC 6749 §3.3) */
export function pack({ scope, json }: Parcel): string {
  if (/\s/.test(scope)) throw new TypeError('scope: one word without spaces is needed')
  return `${scope}\n${json}`
}

export function unpack(body: string): Parcel {
  const line = body.indexOf('\n')
  return { scope: body.slice(0, line), json: body.slice(line + 1) }
}
