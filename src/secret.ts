/**
 * A value that cannot be shown. The text lives in a closure of this module: no property, no `toJSON`, no inspector
 * and no `structuredClone` reaches it. `reveal` is the only way out, and it is not exported from the package.
 */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  /** Node's `util.inspect` looks for this symbol by its registered name. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }

  /** @internal */
  static reveal(secret: Secret): string {
    return secret.#text
  }
}

/** The text of a secret, for the one place that puts it on the wire. */
export const reveal = (secret: Secret): string => Secret.reveal(secret)

/** Query names and JSON fields that carry credentials at the providers that we know. */
const named =
  /((?:access_token|api_key|apikey|session_token|client_secret|token|authorization)["']?\s*[=:]\s*["']?)(?:(?:basic|bearer)\s+)?[^"'&\s,}]+/gi
const jwt = /\beyJ[\w-]{4,}\.[\w-]*\.?[\w-]*/g
const keys = /\b(?:sk|ah|whsec|ek)_(?:live_|test_)?[\w-]{8,}/g

/** Long words with a digit, and very long ones: what tokens look like of which nothing is known. */
const long = /[\w.~+/=%&-]{32,}|(?=[\w.~+/=%&-]*\d)[\w.~+/=%&-]{12,}/g

/** Takes out everything that could be a credential at all, long words and addresses included. For what applications throw. */
export const redactAll = (text: string): string => redact(text).replace(long, '[secret]')

/** Takes everything that looks like a credential out of a text. For causes and texts that come from outside. */
export function redact(text: string): string {
  return text.replace(named, '$1[secret]').replace(jwt, '[secret]').replace(keys, '[secret]')
}
