import type { Faults, Provider } from '../../emulator/index.ts'
import type { Controls } from './control.ts'

/** One provider as `heartwire emulate` offers it. */
export interface Emulated {
  readonly provider: Provider
  /** Whether it has a WebSocket at all. */
  readonly hasSocket: boolean
  /** What its own dashboard and bad luck can do. */
  readonly controls: Controls
  /** The account's keys as environment variables; asked for again after a rotation. */
  keys(): Readonly<Record<string, string>>
  counts(): object
}

/** An `Emulated` behind the faults of the way to it. */
export interface Offered extends Emulated {
  readonly faults: Faults
}
