import { emulateAgenthuman } from './agenthuman.ts'
import { emulateBithuman } from './bithuman.ts'
import type { Emulated } from './emulated.ts'
import { emulateHuechat } from './huechat.ts'
import { emulateHume } from './hume.ts'

interface Offer {
  /** Documented in docs/cli.md. */
  readonly port: number
  create(): Emulated
}

/** What can be emulated, in the order in which it is listed. */
export const providers: Readonly<Record<string, Offer>> = {
  hume: { port: 4701, create: emulateHume },
  bithuman: { port: 4702, create: emulateBithuman },
  agenthuman: { port: 4703, create: emulateAgenthuman },
  huechat: { port: 4704, create: emulateHuechat },
}
