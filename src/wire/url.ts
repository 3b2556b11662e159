/** Where a token goes on its way out. */
import type { Placement } from '../presets/preset.ts'
import { demandSecure } from './address.ts'

export interface Address {
  readonly url: string
  readonly protocols: string[]
}

/** The address of one dial with its token in place. Throws for an address that is none. */
export function addressOf(base: string, placement: Placement, token: string): Address {
  switch (placement.in) {
    case 'query': {
      const url = new URL(base)
      url.searchParams.set(placement.name, token)
      return { url: url.href, protocols: [] }
    }
    case 'subprotocol':
      return { url: base, protocols: placement.protocols(token) }
    case 'first-frame':
      return { url: base, protocols: [] }
    case 'url': {
      const url = new URL(token)
      demandSecure('a signed address', url, 'wss')
      return { url: url.href, protocols: [] }
    }
    default:
      return placement satisfies never
  }
}
