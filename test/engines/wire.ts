import { once } from 'node:events'
import { WebSocket } from 'ws'

/** Chrome's DevTools protocol and WebDriver BiDi alike: numbered calls over one WebSocket. */
export interface Wire {
  call<T>(method: string, params?: object, sessionId?: string): Promise<T>
  close(): void
}

/** CDP tells an error as an object, BiDi as a code beside its message. */
interface Answer {
  readonly id?: number | null
  readonly result?: unknown
  readonly error?: string | { readonly message: string }
  readonly message?: string
}

export async function connectWire(address: string): Promise<Wire> {
  const socket = new WebSocket(address)
  await once(socket, 'open')
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void; method: string }>()
  let last = 0
  socket.on('message', (data: Buffer) => {
    const { id, result, error, message } = JSON.parse(data.toString()) as Answer
    const call = typeof id === 'number' ? waiting.get(id) : undefined
    if (typeof id !== 'number' || !call) return
    waiting.delete(id)
    if (error === undefined) call.resolve(result)
    else call.reject(new Error(`${call.method}: ${typeof error === 'string' ? `${error}: ${message}` : error.message}`))
  })
  socket.on('close', () => {
    for (const { reject, method } of waiting.values()) reject(new Error(`${method}: the browser is gone`))
    waiting.clear()
  })
  return {
    call: <T>(method: string, params: object = {}, sessionId?: string) =>
      new Promise<T>((resolve, reject) => {
        const id = ++last
        waiting.set(id, { resolve: resolve as (result: unknown) => void, reject, method })
        socket.send(JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) }))
      }),
    close: () => socket.terminate(),
  }
}

/** An expression as one that every protocol can carry back: a promise of JSON. */
export const asJson = (expression: string): string => `(async () => JSON.stringify((await (${expression})) ?? null))()`
