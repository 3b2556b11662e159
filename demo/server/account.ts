import type { Provider } from '../../src/emulator/index.ts'
import type { Mint } from '../../src/server/index.ts'
import type { Counts } from '../contract.ts'

/** An account at an emulated provider, and the backend that holds a key of it: not always the right one. */
export interface Account {
  readonly provider: Provider
  readonly mint: Mint
  /** What the backend has for the page besides the token endpoint: a gateway, or REST that it forwards. */
  readonly gateway?: Provider
  /** Whether the provider has a newer key than the backend. */
  readonly keyRotated: boolean
  /** The provider makes a new key; the one that the backend holds is dead from now on. */
  rotateKey(): void
  /** The backend gets the key that is valid. */
  installKey(): void
  /** The backend withdraws a right that it gave, where it can. */
  revoke?(): void
  /** All tokens given out so far are over. */
  expireTokens(): void
  /** A customer writes, where there are customers. */
  customerWrites?(): void
  /** What is not counted here is 0. */
  counts(): Partial<Counts>
  /** Ends what goes on by itself. */
  close?(): void
}

/** Where things are, for whoever opens an account. */
export interface Premises {
  /** The room's id, which stands for the user. */
  readonly id: string
  /** Where the emulator can be reached over HTTP: the backend goes the same way as a real one. */
  readonly host: string
  /** The path of the backend's own gateway. */
  readonly gatewayPath: string
  /** The origin of the page. */
  readonly page: string
  /** Life of a token, in seconds. */
  readonly ttl: number
  /** bitHuman's grace, in seconds. */
  readonly grace: number
}
