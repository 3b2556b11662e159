import type { Provider } from '../../src/emulator/index.ts'
import type { Mint } from '../../src/server/index.ts'
import type { Counts } from '../contract.ts'

/** An account at an emulated provider, and the mint of a backend that holds a key of it: not always the right one. */
export interface Account {
  readonly provider: Provider
  readonly mint: Mint
  /** Whether the provider has a newer key than the backend. */
  readonly keyRotated: boolean
  /** The provider makes a new key; the one that the backend holds is dead from now on. */
  rotateKey(): void
  /** The backend gets the key that is valid. */
  installKey(): void
  /** All tokens given out so far are over. */
  expireTokens(): void
  counts(): Omit<Counts, 'trouble' | 'openSockets'>
}
