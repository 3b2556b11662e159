import type { Account } from './account.ts'
import type { Fields } from './answers.ts'

/** One request that has been let in. */
export interface Call {
  readonly account: Account
  /** The JSON object of the body; an empty body is an empty object. */
  readonly body: Fields
  /** What the address names: the id of a session, a key, an agent, a link. */
  readonly name: string
  readonly query: URLSearchParams
  /** Whether it came by https, which decides the `Secure` of the cookie. */
  readonly isSecure: boolean
}

export type Answer = (call: Call) => Response | Promise<Response>
