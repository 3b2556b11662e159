import type { Counts, Fault, RoomAsk } from './contract.ts'

/** The page's hand on its room: what an operator, a provider and bad luck would do. Not part of the library. */
export interface RoomControl {
  readonly id: string
  act(fault: Fault): Promise<Counts>
  /** HueChat only. */
  customerWrites(): Promise<Counts>
  counts(): Promise<Counts>
}

/** Opens a room of its own on the demo's server. */
export async function openRoom(ask: RoomAsk): Promise<RoomControl> {
  const { room } = await json<{ room: string }>('/demo/rooms', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ask),
  })
  return {
    id: room,
    act: (fault) => json(`/demo/${room}/${fault}`, { method: 'POST' }),
    customerWrites: () => json(`/demo/${room}/customer`, { method: 'POST' }),
    counts: () => json(`/demo/${room}/counts`),
  }
}

async function json<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, init)
  if (!response.ok) throw new Error(`${path} answered ${response.status}`)
  return response.json() as Promise<T>
}
