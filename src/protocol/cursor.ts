/**
 * Cursors and what a receiver makes of a numbered frame (PROTOCOL.md §3). A cursor is `stream "." seq`: a place in one
 * stream of events. `after` says what came before an event, so numbers may be left out without seeming lost.
 */

export interface Cursor {
  readonly stream: string
  readonly seq: number
}

export const formatCursor = ({ stream, seq }: Cursor): string => `${stream}.${seq}`

/** Null for anything that is no cursor. */
export function parseCursor(text: unknown): Cursor | null {
  const [, stream, digits] = (typeof text === 'string' && /^([\w-]{1,64})\.(\d{1,16})$/.exec(text)) || []
  const seq = Number(digits)
  return stream !== undefined && Number.isSafeInteger(seq) ? { stream, seq } : null
}

/** What a frame is to a receiver that stands at a cursor, and where he stands then. */
export interface Received {
  /** `known`: nothing new, and nothing missing. */
  readonly is: 'next' | 'known' | 'gap'
  readonly cursor: string
}

/** Undefined for a frame without a place, or a receiver that has none yet. Pure. */
export function received(
  at: string | undefined,
  frame: { readonly type?: unknown; readonly seq?: unknown; readonly after?: unknown; readonly cursor?: unknown },
): Received | undefined {
  const cursor = parseCursor(at)
  const { type, seq, after, cursor: beyond } = frame
  if (cursor === null) return undefined
  if (type === 'gap') return parseCursor(beyond) === null ? undefined : { is: 'gap', cursor: String(beyond) }
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq)) return undefined
  const to = (is: Received['is']): Received => ({ is, cursor: formatCursor({ stream: cursor.stream, seq: Math.max(seq, cursor.seq) }) })
  switch (type) {
    case 'event':
      if (seq <= cursor.seq) return to('known')
      return to(typeof after === 'number' && after > cursor.seq ? 'gap' : 'next')
    case 'position':
      return to('known')
    default:
      return undefined
  }
}
