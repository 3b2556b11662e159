import type { Account } from './account.ts'
import type { Fields } from './fields.ts'

/** One request, as an endpoint sees it: its key has been checked. */
export interface Call {
  readonly account: Account
  /** What `{id}` stands for in the address, decoded; else empty. */
  readonly name: string
  readonly query: URLSearchParams
  /** The JSON object of the body; empty if there is none. */
  readonly body: Fields
}
