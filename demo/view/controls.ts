import type { Trouble } from '../contract.ts'
import { element, place } from './element.ts'

/** Every button's `data-action`, what it says, and what it does. */
const groups = [
  {
    title: 'As your page',
    buttons: [
      ['connect', 'Connect', 'try again, in any state'],
      ['close', 'Close', 'the end, until Connect'],
      ['pause', 'Pause', 'no socket, no questions'],
      ['resume', 'Resume', 'the end of a pause'],
    ],
  },
  {
    title: 'As the operator',
    buttons: [
      ['rotate-key', 'Rotate the key', 'the provider kills the old one'],
      ['install-key', 'Install the key', 'your backend gets the new one'],
    ],
  },
  {
    title: 'As bad luck',
    buttons: [
      ['refuse-renewal', 'Refuse renewals', 'your backend answers 403'],
      ['expire-token', 'Expire tokens', 'all given out are over'],
      ['drop-socket', 'Drop the socket', 'cut, without a goodbye'],
      ['go-silent', 'Go silent', 'endpoint and socket say nothing'],
    ],
  },
] as const

export type Action = (typeof groups)[number]['buttons'][number][0] | 'heal'

export function controlsView(act: (action: Action) => void): { show(trouble: Trouble): void } {
  const buttons = new Map<Action, HTMLButtonElement>()
  const button = (action: Action, label: string, hint: string): HTMLButtonElement => {
    const made = element('button', { type: 'button', 'data-action': action }, element('span', {}, label), element('small', {}, hint))
    made.addEventListener('click', () => act(action))
    buttons.set(action, made)
    return made
  }
  place('controls').replaceChildren(
    ...groups.map(({ title, buttons }) =>
      element('fieldset', {}, element('legend', {}, title), ...buttons.map(([action, label, hint]) => button(action, label, hint))),
    ),
    button('heal', 'Heal everything', 'silence and refusals end, the key is installed'),
  )
  const mark = (action: Action, on: boolean): void => void buttons.get(action)?.classList.toggle('doing', on)
  return {
    show({ keyRotated, refusing, silent }) {
      mark('rotate-key', keyRotated)
      mark('refuse-renewal', refusing)
      mark('go-silent', silent)
      mark('heal', keyRotated || refusing || silent)
    },
  }
}
