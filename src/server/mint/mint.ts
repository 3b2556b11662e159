/** Somebody that the application knows. `id` is what coalescing and limits count by; more fields are the application's own. */
export interface User {
  readonly id: string
}

/** What a page asks its token endpoint, after the checks. */
export interface TokenAsk {
  readonly reason: 'connect' | 'renew' | 'rejected' | 'probe' | 'prefetch' | 'release'
  /** 0 for the first try of a streak. */
  readonly attempt: number
  /** The handle of the last answer, as the page gives it back. It came over the wire: anybody may have written it. */
  readonly handle: string | undefined
  /** The application's own fields of the body. An object without a prototype; check what you use. */
  readonly fields: Readonly<Record<string, unknown>>
}

export interface MintAsk<U extends User = User> {
  readonly handle: string | undefined
  /** The page's origin, as the browser says it; `undefined` where no browser asks. */
  readonly origin?: string | undefined
  /** Who asks; `undefined` where the endpoint has no `authorize`. */
  readonly user: U | undefined
  readonly fields: Readonly<Record<string, unknown>>
  /** Fires when the endpoint's deadline is over or the page has gone away. */
  readonly signal: AbortSignal
}

/** One ephemeral token. Times are relative, so that no clock has to agree with another one. */
export interface MintAnswer {
  readonly access_token: string
  /** Seconds of life from now. */
  readonly expires_in?: number
  /** Opaque; the page sends it back with each renewal. */
  readonly handle?: string
  /** Seconds within which a handshake may begin, where that is shorter than the life. */
  readonly connect_by?: number
}

/**
 * Gets one ephemeral token from where the long-lived key is accepted. A plain function is a mint; throw a `MintError` to
 * refuse. Anything else that it throws counts as `unavailable`.
 */
export interface Mint<U extends User = User> {
  (ask: MintAsk<U>): MintAnswer | Promise<MintAnswer>
  /** Ends what `handle` names upstream. Best effort: nobody waits for it longer than a moment. */
  release?(handle: string, ask: Omit<MintAsk<U>, 'handle'>): Promise<void>
}
