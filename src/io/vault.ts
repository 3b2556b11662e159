import { reveal, Secret } from '../secret.ts'

/**
 * Where the tokens lie. The core knows them by generation only. The newest stays for comparison even when it was rejected,
 * so that "the same token again" is seen, until the source is reset.
 */
export class Vault {
  readonly #tokens = new Map<number, Secret>()
  #newest = 0
  /** Opaque, echoed with each renewal. */
  handle: string | undefined

  /** Whether this is the token that came last. */
  holds(token: string): boolean {
    return this.take(this.#newest) === token
  }

  put(gen: number, token: string, handle: string | undefined): void {
    this.#tokens.set(gen, new Secret(token))
    this.#newest = gen
    if (handle !== undefined) this.handle = handle
  }

  /** The token of a generation; undefined once nobody needs it. */
  take(gen: number): string | undefined {
    const secret = this.#tokens.get(gen)
    return secret && reveal(secret)
  }

  /** Lets go of every token but these and the newest. */
  keep(gens: readonly number[]): void {
    for (const gen of this.#tokens.keys()) if (gen !== this.#newest && !gens.includes(gen)) this.#tokens.delete(gen)
  }

  /** Takes our tokens out of a text that came from outside. */
  scrub(text: string): string {
    let clean = text
    for (const secret of this.#tokens.values()) clean = clean.replaceAll(reveal(secret), '[secret]')
    return clean
  }

  forget(): void {
    this.#tokens.clear()
    this.#newest = 0
    this.handle = undefined
  }
}
