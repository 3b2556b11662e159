/** What can happen to each status, as `npm run explore -- --cells` found it: by the exploration and by the simulation together. */
import known from './cells.json' with { type: 'json' }

export const table: readonly string[] = Object.entries(known).flatMap(([status, events]) => events.map((event) => `${status} × ${event}`))
