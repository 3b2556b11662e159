import * as z from 'zod/mini'
import type { ClientFrame } from '../../protocol/frames.ts'

const seq = z.number().check(z.int(), z.nonnegative())

const frames = {
  hello: z.object({
    type: z.literal('hello'),
    version: z.number(),
    access_token: z.string(),
    cursor: z.optional(z.string().check(z.maxLength(128))),
  }),
  renew: z.object({ type: z.literal('renew'), access_token: z.string() }),
  ack: z.object({ type: z.literal('ack'), seq }),
  ping: z.object({ type: z.literal('ping') }),
  message: z.object({ type: z.literal('message'), message: z.unknown() }),
} as const

/** PROTOCOL.md §1 to §6, as a gateway reads them. Null for everything else; known fields only, so that nothing else goes on. */
export function clientFrame(text: string): ClientFrame | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const type = typeof value === 'object' && value !== null ? (value as { type?: unknown }).type : undefined
  if (typeof type !== 'string' || !Object.hasOwn(frames, type)) return null
  const { success, data } = frames[type as keyof typeof frames].safeParse(value)
  return success ? data : null
}
