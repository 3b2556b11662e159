import type { World } from './provider.ts'

const longest = 2 ** 31 - 1

/**
 * The machine's own clock and chance; runs in Node and in a browser. Timers do not keep a Node process alive (the server
 * that carries the emulator does), and are cut to 2³¹−1 ms, because a longer `setTimeout` fires at once.
 */
export function realWorld(): World {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    timer(run, ms) {
      const id: unknown = setTimeout(run, Math.min(Math.max(ms, 0), longest))
      if (canUnref(id)) id.unref()
      return () => clearTimeout(id as number)
    },
  }
}

/** A browser's timer is a number, Node's an object that can let go of the event loop. */
const canUnref = (id: unknown): id is { unref(): void } => typeof id === 'object' && id !== null && 'unref' in id
