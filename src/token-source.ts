/** A shared source of grants. Made by `createTokenSource`. */
export interface TokenSource {
  /** Mints once, before any session asks. Never renews. Resolves when the answer is in. */
  prefetch(): Promise<void>
  /** Forgets grant, verdict and handle: after a logout or a change of user. */
  reset(): void
}
