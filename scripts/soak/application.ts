/** What applications do, at any moment: every verb, bursts of messages, listeners that throw and call back in. */
import type { Chance } from './chance.ts'
import { count } from './figures.ts'
import type { Page, Visit } from './page.ts'
import type { Surroundings } from './surroundings.ts'

export interface Application {
  /** No more random calls. Whoever was paused or ended by hand is told to connect. Returns how many had failed, by code. */
  calm(): Record<string, number>
  stop(): void
}

/** A session hears from its application about this often. */
const messageEveryMs = 5_000
const verbEveryMs = 40_000
const turnMs = 100

export function runApplication(pages: readonly Page[], chance: Chance, { figures, thrown, window }: Surroundings): Application {
  const visits = pages.flatMap((page) => page.visits.map((visit) => ({ page, visit })))
  const later = new Set<NodeJS.Timeout>()
  const after = (ms: number, run: () => void): void => {
    const timer = setTimeout(() => {
      later.delete(timer)
      run()
    }, ms)
    later.add(timer)
  }
  let isCalm = false

  const again = (page: Page, visit: Visit, ms: number): void => after(ms, () => page.connect(visit))

  const verbs: Readonly<Record<string, (page: Page, visit: Visit) => void>> = {
    pause(_page, visit) {
      visit.session.pause()
      after(chance.between(0, 20_000), () => visit.session.resume())
    },
    'pause and resume at once'(_page, { session }) {
      session.pause()
      session.resume()
    },
    connect: (page, visit) => page.connect(visit),
    resume: (_page, { session }) => session.resume(),
    close(page, visit) {
      void page.close(visit)
      again(page, visit, chance.between(0, 12_000))
    },
    'close and connect at once'(page, visit) {
      void page.close(visit)
      page.connect(visit)
    },
    'close twice'(page, visit) {
      void page.close(visit)
      void page.close(visit)
      again(page, visit, 1_000)
    },
    reset: (page) => page.reset(),
    abort(page, visit) {
      const abort = new AbortController()
      page.connect(visit, abort.signal)
      const { life } = visit
      after(chance.between(0, 5_000), () => {
        // A close() in between has let go of the signal. (A listener may connect again inside the abort: this comes first.)
        const ends = visit.life === life
        if (ends) {
          visit.life++
          visit.over = true
          visit.account.begins()
        }
        abort.abort()
        if (ends) again(page, visit, chance.between(0, 5_000))
      })
    },
    burst(page, visit) {
      if (page.name.cast.message) for (let left = Math.floor(chance.between(10, 100)); left > 0; left--) page.send(visit)
    },
    'burst while paused'(page, visit) {
      if (!page.name.cast.message) return
      visit.session.pause()
      for (let left = Math.floor(chance.between(10, 100)); left > 0; left--) page.send(visit)
      after(chance.between(0, 40_000), () => visit.session.resume())
    },
    'a listener throws': () => void thrown.due++,
    'a listener pauses'(_page, visit) {
      visit.inListener = () => {
        visit.session.pause()
        after(1_000, () => visit.session.resume())
      }
    },
    'a listener connects'(page, visit) {
      visit.inListener = () => page.connect(visit)
    },
    'a listener closes'(page, visit) {
      visit.inListener = () => {
        void page.close(visit)
        again(page, visit, 2_000)
      }
    },
    'online, offline': () => window.tell(chance.happens(0.5) ? 'online' : 'offline'),
  }
  // A hint reaches every page of this process: rarer than what one session does.
  const rare = new Set(['online, offline'])
  const names = Object.keys(verbs)

  const turn = setInterval(() => {
    const messages = (visits.length * turnMs) / messageEveryMs
    const acts = (visits.length * turnMs) / verbEveryMs
    for (let left = messages; left > 0; left--) {
      const { page, visit } = chance.pick(visits)
      if (chance.happens(Math.min(1, left)) && page.name.cast.message) page.send(visit)
    }
    for (let left = acts; left > 0; left--) {
      if (!chance.happens(Math.min(1, left))) continue
      const { page, visit } = chance.pick(visits)
      const name = chance.pick(names)
      if (rare.has(name) && chance.happens(0.95)) continue
      count(figures, `A ${name}`)
      verbs[name]!(page, visit)
    }
  }, turnMs)

  const stop = (): void => {
    clearInterval(turn)
    for (const timer of later) clearTimeout(timer)
    later.clear()
  }
  return {
    stop,
    calm() {
      if (isCalm) return {}
      isCalm = true
      stop()
      const failed: Record<string, number> = {}
      for (const { page, visit } of visits) {
        visit.inListener = null
        const { status } = visit.session
        if (status.name === 'failed') failed[status.code] = (failed[status.code] ?? 0) + 1
        if (visit.over || status.name === 'idle' || status.name === 'closed' || status.name === 'failed') page.connect(visit)
        else if (status.name === 'paused' && status.reason === 'asked') visit.session.resume()
      }
      thrown.due = 0
      return failed
    },
  }
}
