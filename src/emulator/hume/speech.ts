import type { World } from '../provider.ts'

/** What the voice is busy with: an answer to the user, or a line it was told to say. */
export interface Errand {
  readonly is: 'answer' | 'line'
  readonly text: string
}

/** Plays one step after another, `paceMs` apart (0: all at once), until it is done or stopped. */
export class Speech {
  readonly #world: World
  readonly #paceMs: number
  #cancel: () => void = () => {}
  #errand: Errand | undefined

  constructor(world: World, paceMs: number) {
    this.#world = world
    this.#paceMs = paceMs
  }

  /** Stops what is being said and begins this; `after` runs when it was said to its end. */
  play(errand: Errand, steps: readonly (() => void)[], after: () => void): void {
    this.stop()
    this.#errand = errand
    this.#next(errand, steps, after)
  }

  /** Ends it where it is; returns what was cut short. */
  stop(): Errand | undefined {
    const cut = this.#errand
    this.#cancel()
    this.#errand = undefined
    return cut
  }

  #next(errand: Errand, [step, ...rest]: readonly (() => void)[], after: () => void): void {
    step?.()
    // A step may have closed the socket, which stops the speech.
    if (this.#errand !== errand) return
    if (rest.length > 0) {
      if (this.#paceMs > 0) this.#cancel = this.#world.timer(() => this.#next(errand, rest, after), this.#paceMs)
      else this.#next(errand, rest, after)
      return
    }
    this.#errand = undefined
    after()
  }
}
