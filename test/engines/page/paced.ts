import type { Host } from '../../../src/io/host.ts'

/** A host whose time runs `pace` times as fast: its clocks and its timer, and nothing else. Its deadlines come sooner by the wall. */
export function paced(host: Host, pace: number): Host {
  const [monotonic, wall] = [host.monotonic(), host.wall()]
  const ahead = (now: number, start: number): number => start + (now - start) * pace
  return {
    ...host,
    monotonic: () => ahead(host.monotonic(), monotonic),
    wall: () => ahead(host.wall(), wall),
    timer: (run, ms) => host.timer(run, ms / pace),
  }
}
