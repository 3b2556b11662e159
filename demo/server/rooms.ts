import type { Provider } from '../../src/emulator/index.ts'
import type { RoomAsk } from '../contract.ts'
import { createRoom } from './room.ts'
import type { Room } from './room.ts'

export interface Rooms {
  /** @param page the origin of the page that asks */
  open(ask: RoomAsk, page: string): string
  find(id: string): Room | undefined
  /** The emulators and the gateways of all rooms, behind `/emulators/<id>/…` and `/gateway/<id>/…`. */
  readonly providers: Provider
  close(): void
}

/** A page asks for its counts every second while it is seen, and once a minute when its tab is hidden. */
const idleMs = 15 * 60_000

/** Rooms live while their page is heard of or holds a socket. Their ids are random: who does not know one cannot enter. */
export function createRooms(origin: () => string): Rooms {
  const rooms = new Map<string, { readonly room: Room; heardAt: number }>()

  const find = (id: string): Room | undefined => {
    const entry = rooms.get(id)
    if (entry) entry.heardAt = Date.now()
    return entry?.room
  }
  const sweep = (): void => {
    for (const [id, { room, heardAt }] of rooms) {
      if (Date.now() - heardAt < idleMs || room.counts().openSockets > 0) continue
      room.close()
      rooms.delete(id)
    }
  }
  const timer = setInterval(sweep, 60_000)
  timer.unref()

  const providerAt = ({ pathname }: URL): Provider | undefined => {
    const [, kind, id = ''] = /^\/(emulators|gateway)\/([^/]+)\//.exec(pathname) ?? []
    const room = find(id)
    return kind === 'gateway' ? room?.gateway : room?.emulator
  }
  const nobody = (): Response => new Response('There is no such room.', { status: 404 })
  return {
    open(ask, page) {
      const id = crypto.randomUUID().slice(0, 13)
      rooms.set(id, { room: createRoom(id, { origin: origin(), page }, ask), heardAt: Date.now() })
      return id
    },
    find,
    providers: {
      name: 'rooms',
      fetch: async (request) => providerAt(new URL(request.url))?.fetch(request) ?? nobody(),
      upgrade: async (upgrade) => providerAt(upgrade.url)?.upgrade(upgrade) ?? nobody(),
    },
    close() {
      clearInterval(timer)
      for (const { room } of rooms.values()) room.close()
      rooms.clear()
    },
  }
}
