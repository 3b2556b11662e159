import type { Notice, Status } from '../../src/index.ts'
import { lineFor } from '../words.ts'
import { element, place } from './element.ts'

export interface Log {
  status(status: Status): void
  notice(notice: Notice): void
  message(message: unknown): void
  /** What a person did. */
  deed(text: string): void
}

const linesAtMost = 150

/** What happened, newest first. Names and types only: no message, no token is ever written here. */
export function logView(): Log {
  const list = place('log')
  let last: { kind: string; text: string; times: number; count: HTMLElement; clock: HTMLElement } | undefined

  const write = (kind: string, text: string): void => {
    const time = new Date().toLocaleTimeString('en-GB')
    if (last?.kind === kind && last.text === text && kind !== 'deed') {
      last.count.textContent = `× ${++last.times}`
      last.clock.textContent = time
      return
    }
    const count = element('span', { class: 'times' })
    const clock = element('time', {}, time)
    last = { kind, text, times: 1, count, clock }
    list.prepend(element('li', { 'data-kind': kind }, clock, element('span', { class: 'what' }, text, ' ', count)))
    while (list.childElementCount > linesAtMost) list.lastElementChild?.remove()
  }

  return {
    status: (status) => write('status', lineFor(status)),
    notice: (notice) => write('notice', noticeLine(notice)),
    message: (message) => write('message', typeOf(message)),
    deed: (text) => write('deed', text),
  }
}

function noticeLine(notice: Notice): string {
  switch (notice.name) {
    case 'renewal-failed':
      return `renewal failed · ${notice.code}`
    case 'gap':
      return `gap · ${notice.reason}`
    case 'dropped':
      return `dropped a message · ${notice.reason}`
    case 'late':
      return `a timer came ${Math.round(notice.byMs)} ms late`
    case 'bad-frame':
      return `bad frame · ${notice.bytes} bytes`
    case 'session-replaced':
      return 'session replaced'
    default:
      return notice satisfies never
  }
}

function typeOf(message: unknown): string {
  if (message instanceof ArrayBuffer) return 'bytes'
  return typeof message === 'object' && message !== null && 'type' in message ? String(message.type) : typeof message
}
