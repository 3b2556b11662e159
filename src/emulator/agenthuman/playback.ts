import type { World } from '../provider.ts'

export interface PlaybackTraits {
  readonly world: World
  /** Frames a second; 0 shows none, and everything is said at once. */
  readonly fps: number
  readonly send: (frame: object) => void
  readonly onFrame: () => void
}

/**
 * The avatar's mouth. The real one speaks in the video of a room, which is not emulated: here the socket shows, frame by
 * frame, how wide the mouth is open. Frames and states are ours; the states' name and fields are those of the documented
 * data topic `session.state`.
 */
export class Playback {
  readonly #traits: PlaybackTraits
  #queue: number[] = []
  #index = 0
  #cancel: (() => void) | null = null

  constructor(traits: PlaybackTraits) {
    this.#traits = traits
  }

  /** Speaks these samples after what is being said. */
  sound(samples: Int16Array, sampleRate: number): void {
    const { fps } = this.#traits
    if (fps === 0) return
    const step = Math.max(1, Math.round(sampleRate / fps))
    const levels: number[] = []
    for (let at = 0; at < samples.length; at += step) levels.push(loudness(samples.subarray(at, at + step)))
    this.#add(levels)
  }

  /** Speaks a text: a syllable, taken as three letters, is two frames, open and closed. */
  text(text: string): void {
    if (this.#traits.fps > 0) this.#add(Array.from({ length: Math.ceil(text.length / 3) }, () => [0.8, 0.2]).flat())
  }

  /** Says no more of it. */
  stop(): void {
    this.#cancel?.()
    if (this.#cancel) this.#traits.send({ type: 'session.state', state: 'idle' })
    this.#cancel = null
    this.#queue = []
  }

  #add(levels: readonly number[]): void {
    if (levels.length === 0) return
    this.#queue = [...this.#queue, ...levels]
    if (this.#cancel) return
    this.#traits.send({ type: 'session.state', state: 'speaking' })
    this.#wait()
  }

  #wait(): void {
    this.#cancel = this.#traits.world.timer(() => this.#tick(), 1000 / this.#traits.fps)
  }

  #tick(): void {
    const mouth = this.#queue.shift()
    if (mouth === undefined) return this.stop()
    this.#traits.onFrame()
    this.#traits.send({ type: 'avatar.frame', index: this.#index++, mouth })
    this.#wait()
  }
}

/** From 0 to 1: the root mean square of the samples, in hundredths. */
function loudness(samples: Int16Array): number {
  const sum = samples.reduce((total, sample) => total + sample ** 2, 0)
  return Math.round((Math.sqrt(sum / samples.length) / 32_768) * 100) / 100
}
