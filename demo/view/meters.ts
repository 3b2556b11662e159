import type { Status } from '../../src/index.ts'
import type { PresetName } from '../contract.ts'
import { span } from '../words.ts'
import { element, place } from './element.ts'

export interface Times {
  /** When the next token request is due, in epoch ms; undefined while one is on its way or none is wanted. */
  readonly renewsAt: number | undefined
  /** When the grant ends, in epoch ms. */
  readonly expiresAt: number | undefined
}

const endOf: Readonly<Record<PresetName, string>> = {
  'hume-evi': 'the ticket opens sockets for',
  'hume-tts': 'the ticket opens sockets for',
  bithuman: 'the lease ends in',
  'bithuman-lease': 'the lease ends in',
  agenthuman: 'the session ends in',
  huechat: 'the lease ends in',
}

/** Two countdowns: to the next question, and to the end of what is held. */
export function meterView(preset: PresetName): { show(times: Times, status: Status, now: number): void } {
  const next = meter('next')
  const end = meter('end')
  place('meters').replaceChildren(next.box, end.box)
  return {
    show({ renewsAt, expiresAt }, status, now) {
      const still = ['idle', 'closed', 'failed'].includes(status.name) || (status.name === 'paused' && !('code' in status))
      // What the status waits for may be a dial, which comes before the next question.
      const nextAt = ('retryAt' in status ? status.retryAt : undefined) ?? renewsAt
      // A session of AgentHuman's is not renewed: the next one begins when this one ends.
      const ends = preset === 'agenthuman' && status.name === 'connected'
      next.show(nextLabel(preset, status), nextAt, now, ends ? 'when this one ends' : still ? 'none' : 'asking now')
      end.show(endOf[preset], expiresAt, now, 'nothing is held')
    },
  }
}

function nextLabel(preset: PresetName, status: Status): string {
  if (status.name === 'paused' && status.reason === 'refused') return 'next probe in'
  if (status.name !== 'connected' || status.renewal === 'failing') return 'next try in'
  if (preset === 'agenthuman') return 'next session'
  return preset.startsWith('hume-') ? 'next fresh token in' : 'next beat in'
}

function meter(name: string): { box: HTMLElement; show(label: string, at: number | undefined, now: number, without: string): void } {
  const label = element('dt')
  const value = element('dd', { class: 'value' })
  const bar = element('dd', { class: 'bar', 'aria-hidden': 'true' }, element('span'))
  /** The countdown is full when it is set anew, whatever it was before. */
  let whole = { at: 0, ms: 1 }
  return {
    box: element('div', { class: 'meter', 'data-meter': name }, label, value, bar),
    show(text, at, now, without) {
      if (label.textContent !== text) label.textContent = text
      const left = at === undefined ? 0 : Math.max(0, at - now)
      // A clock's rounding moves it by a little; that is no new countdown.
      if (at !== undefined && Math.abs(at - whole.at) > 60) whole = { at, ms: Math.max(1, left) }
      value.textContent = at === undefined ? without : span(left)
      value.classList.toggle('none', at === undefined)
      bar.style.setProperty('--left', String(Math.min(1, left / whole.ms)))
    },
  }
}
