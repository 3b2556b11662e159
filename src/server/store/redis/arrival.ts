import { StoreError } from '../store-error.ts'
import type { OnStoreError } from '../store-error.ts'
import type { Keys } from './keys.ts'
import type { Connection } from './scripts.ts'

/** What a connection found when it arrived. */
export interface Here {
  readonly stream: string
}

/** What one store object has seen, on all of its connections. */
export interface Memory {
  /** The stream it was in last. */
  stream: string
  /** The highest epoch that it was told, of anybody. */
  floor: number
}

/**
 * The first thing on every new connection: does this Redis still know everything that was confirmed?
 *
 * A server is known by its `run_id`, another one at each start. After a restart with the append-only file it knows all
 * that it had confirmed; without, or when a replica took over (which may lag behind), something may be lost: then a new
 * stream begins, in which every older position has a gap and every older right is withdrawn.
 */
export function arrival(keys: Keys, memory: Memory, onError: OnStoreError): (connection: Connection) => Promise<Here> {
  let warned = false
  return async (connection) => {
    const said = await connection.info()
    const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(said)?.[1] ?? ''
    if (field('role') !== 'master') throw new StoreError('away', 'this Redis is a replica: give the store the address of the primary')
    if (field('run_id') === '') throw new StoreError('unsafe', 'this Redis does not tell its run_id, so its restarts would go unnoticed')
    const policy = field('maxmemory_policy')
    if (policy !== 'noeviction' && policy !== '' && !warned) {
      warned = true
      onError(new StoreError('unsafe', `this Redis drops keys when its memory is full (maxmemory-policy ${policy}): set it to noeviction`))
    }
    const keeps = field('aof_enabled') === '1' && field('second_repl_offset') === '-1'
    const [stream, born] = await connection.heartwireArrive(
      keys.state,
      crypto.randomUUID(),
      field('run_id'),
      keeps ? '1' : '0',
      memory.stream,
      memory.floor,
    )
    memory.stream = stream
    memory.floor = Math.max(memory.floor, Number(born))
    return { stream }
  }
}
