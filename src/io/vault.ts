import { reveal, Secret } from '../secret.ts'

/**
 * Where the one current token lies. The core knows it only by its generation. A token that was rejected stays for
 * comparison, so that "the same token again" is seen, until the source is reset.
 */
export class Vault {
  #gen = 0
  #token: Secret | undefined
  /** Opaque, echoed with each renewal. */
  handle: string | undefined

  /** Whether this is the token that was here last. */
  holds(token: string): boolean {
    return this.#token !== undefined && reveal(this.#token) === token
  }

  put(gen: number, token: string, handle: string | undefined): void {
    this.#gen = gen
    this.#token = new Secret(token)
    if (handle !== undefined) this.handle = handle
  }

  /** The token of a generation; undefined if it is no longer the current one. */
  take(gen: number): string | undefined {
    return this.#gen === gen && this.#token !== undefined ? reveal(this.#token) : undefined
  }

  /** Takes the current token out of a text that came from outside. */
  scrub(text: string): string {
    return this.#token === undefined ? text : text.replaceAll(reveal(this.#token), '[secret]')
  }

  forget(): void {
    this.#gen = 0
    this.#token = undefined
    this.handle = undefined
  }
}
