import { createSession, type Session } from '../../../src/index.ts'
import { bitHuman } from '../../../src/presets/bithuman.ts'
import { humeEvi } from '../../../src/presets/hume.ts'

export type Kind = 'lease' | 'ticket'

/** A lease (bitHuman) or a ticket (Hume EVI) from this page's own origin. */
export function makeSession(kind: Kind): Session<never, never> {
  const host = `ws://${location.host}`
  return kind === 'lease'
    ? createSession({ preset: bitHuman({ url: `${host}/bithuman/v1/runtime/A1` }), tokenSource: '/api/bithuman/token' })
    : createSession({ preset: humeEvi({ host: `${host}/hume` }), tokenSource: '/api/hume/token' })
}
