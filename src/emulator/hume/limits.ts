import type { ChatStatus } from './chats.ts'
import type { Settings } from './settings.ts'

/** Documented: after the inactivity message EVI waits this long before it ends the chat. */
const lastWordsMs = 15_000

export interface LimitsHandlers {
  readonly say: (text: string) => void
  readonly end: (status: ChatStatus) => void
}

/** The two clocks of a chat: the time since the user was last active, and the time since it began. */
export class Limits {
  readonly #settings: Settings
  readonly #handlers: LimitsHandlers
  readonly #stopDuration: () => void
  #stopInactivity: () => void = () => {}

  constructor(settings: Settings, handlers: LimitsHandlers) {
    this.#settings = settings
    this.#handlers = handlers
    this.#stopDuration = settings.world.timer(() => handlers.end('MAX_DURATION_TIMEOUT'), settings.maxDurationMs)
    this.active()
  }

  /** The user said or sent something. */
  active(): void {
    const { world, inactivityMs, inactivityMessage } = this.#settings
    const { say, end } = this.#handlers
    this.#stopInactivity()
    this.#stopInactivity = world.timer(() => {
      if (inactivityMessage === undefined) return end('INACTIVITY_TIMEOUT')
      this.#stopInactivity = world.timer(() => end('INACTIVITY_TIMEOUT'), lastWordsMs)
      say(inactivityMessage)
    }, inactivityMs)
  }

  stop(): void {
    this.#stopInactivity()
    this.#stopDuration()
  }
}
