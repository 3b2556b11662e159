import type { World } from '../provider.ts'
import type { AvatarSocket } from './avatar-socket.ts'
import { refuse } from './answers.ts'
import { Keys } from './keys.ts'
import { Login } from './login.ts'
import { Session, type SessionAbout } from './session.ts'

export interface Agent {
  readonly agent_id: string
  readonly name: string
  readonly avatar_image_url: string | null
  readonly created_at: string
  readonly voice_agent: object
}

export interface Link {
  readonly id: string
  readonly agent: string
  readonly name: string | null
  /** Paused or expired by hand; what time and use make of it is added when it is shown. */
  readonly status: 'active' | 'paused' | 'expired'
  readonly uses: number
  readonly useLimit: number | null
  /** Epoch ms. */
  readonly createdAt: number
  readonly expiresAt: number | null
}

export interface Settings {
  readonly world: World
  readonly email: string
  readonly userId: string
  readonly keyLength: number
  readonly jwtTtlSeconds: number
  readonly maxConcurrent: number
  readonly minutes: number
  readonly sessionSeconds: number | null
  readonly orphanSeconds: number
  readonly allocationMs: number
  readonly wsUrl: string
  readonly fps: number
}

/** One AgentHuman account: who may use it, what it has, and what it has used. */
export class Account {
  readonly settings: Settings
  readonly keys: Keys
  readonly login: Login
  readonly sessions = new Map<string, Session>()
  readonly sockets = new Set<AvatarSocket>()
  readonly agents = new Map<string, Agent>()
  readonly links = new Map<string, Link>()
  readonly counts = { sessions: 0, refusedSessions: 0, upgrades: 0, initialised: 0, refusedInits: 0, frames: 0 }
  /** Every secret that ever left this account, in order. */
  readonly given: string[] = []
  /** Answers the creation of a session, if a control says so. */
  refusal: (() => Response) | null = null
  isOutOfMinutes = false

  constructor(settings: Settings) {
    this.settings = settings
    this.keys = new Keys(settings.world, { length: settings.keyLength, given: this.given })
    this.login = new Login(settings.world, { ...settings, ttlSeconds: settings.jwtTtlSeconds, given: this.given })
  }

  /** Begins a session; whoever calls it has asked `refusalToStart` before. */
  open(about: SessionAbout): Session {
    const { world, sessionSeconds, orphanSeconds } = this.settings
    const lifeMs = sessionSeconds === null ? null : sessionSeconds * 1000
    const session = new Session(about, { world, lifeMs, orphanMs: orphanSeconds * 1000 })
    this.sessions.set(about.id, session)
    this.counts.sessions++
    return session
  }

  /** The documented `usage` of the answers. A session's minutes are rounded up; one that only was created uses nothing. */
  get usage(): { concurrency: { current: number; max: number; available: number }; minutes: { total_remaining: number } } {
    const all = [...this.sessions.values()]
    const { maxConcurrent: max, minutes } = this.settings
    const current = all.filter(({ status }) => status === 'started').length
    const used = all.reduce((sum, { ranMs }) => sum + Math.ceil(ranMs / 60_000), 0)
    const remaining = this.isOutOfMinutes ? 0 : Math.max(0, minutes - used)
    return { concurrency: { current, max, available: Math.max(0, max - current) }, minutes: { total_remaining: remaining } }
  }

  /**
   * Usage enforcement, before a session is created or started; null if nothing is against it. Documented are the shape and
   * `INSUFFICIENT_MINUTES` with its message; the statuses 402 and 429 and `CONCURRENCY_LIMIT_REACHED` are ours.
   */
  refusalToStart(): Response | null {
    const { concurrency, minutes } = this.usage
    if (minutes.total_remaining === 0) {
      const message = 'No minutes remaining. Please purchase additional minutes or upgrade your plan.'
      return refuse(402, message, { code: 'INSUFFICIENT_MINUTES', details: minutes })
    }
    if (concurrency.available > 0) return null
    return refuse(429, 'Concurrent session limit reached.', { code: 'CONCURRENCY_LIMIT_REACHED', details: concurrency })
  }
}
