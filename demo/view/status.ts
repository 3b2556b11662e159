import type { Status } from '../../src/index.ts'
import type { PresetName } from '../contract.ts'
import { sentenceFor } from '../words.ts'
import { element, place } from './element.ts'

/** The status as attributes of `<html>` (the contract for whoever drives this page) and as words. */
export function statusView(preset: PresetName): { show(status: Status): void } {
  const { dataset } = document.documentElement
  const word = place('word')
  const sentence = place('sentence')
  const chips = place('chips')
  dataset['preset'] = preset
  return {
    show(status) {
      const { reason = '', code = '', renewal = '' } = status as { reason?: string; code?: string; renewal?: string }
      Object.assign(dataset, { status: status.name, reason, code, renewal })
      document.title = `Heartwire: ${status.name}`
      say(word, status.name)
      say(sentence, sentenceFor(status, preset))
      const facts = { reason, code, renewal }
      chips.replaceChildren(
        ...Object.entries(facts)
          .filter(([, value]) => value !== '')
          .map(([name, value]) => element('li', { 'data-fact': name }, element('span', {}, name), ` ${value}`)),
      )
    },
  }
}

/** A screen reader says what is written here; the same again is not worth saying. */
function say(where: HTMLElement, text: string): void {
  if (where.textContent !== text) where.textContent = text
}
