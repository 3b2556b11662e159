import type { Session } from '../../src/index.ts'
import type { EviInbound, EviOutbound } from '../../src/presets/hume.ts'
import { element, place } from './element.ts'

/** The conversation with the emulated EVI: what was said, how it sounded, and a box to type in. */
export function talkView(session: Session<EviInbound, EviOutbound>): void {
  place('stage-title').textContent = 'The conversation'
  const list = element('ol', { class: 'talk', 'aria-live': 'polite', 'aria-label': 'Conversation', tabindex: 0 })
  const hint = element('p', { class: 'hint' }, 'The emulated assistant is a mirror with manners: it answers whatever you type.')
  const box = element('input', {
    name: 'text',
    type: 'text',
    autocomplete: 'off',
    placeholder: 'Say something',
    'aria-label': 'Your words',
  })
  const form = element('form', { class: 'say', 'data-form': 'say' }, box, element('button', { type: 'submit' }, 'Send'))
  place('stage').replaceChildren(list, form, hint)

  const bubbles = new Map<string, HTMLElement>()
  const say = (who: string, text: string, id?: string): void => {
    const bubble = element('li', { 'data-from': who }, element('p', {}, text))
    list.append(bubble)
    if (id !== undefined) bubbles.set(id, bubble)
    while (list.childElementCount > 120) list.firstElementChild?.remove()
    list.scrollTop = list.scrollHeight
  }
  const sound = (id: string | null | undefined, scores: Readonly<Record<string, number>> | undefined): void => {
    const bubble = bubbles.get(id ?? '')
    if (!bubble || !scores) return
    const strongest = Object.entries(scores).sort(([, one], [, other]) => other - one)
    bubble.append(
      element(
        'p',
        { class: 'prosody' },
        strongest
          .slice(0, 3)
          .map(([name]) => name.toLowerCase())
          .join(' · '),
      ),
    )
    list.scrollTop = list.scrollHeight
  }

  session.on('message', (message) => {
    switch (message.type) {
      case 'chat_metadata':
        return say('wire', `chat ${message.chat_id.slice(0, 8)} of group ${message.chat_group_id.slice(0, 8)}`)
      case 'user_message':
        return say('user', message.message.content ?? '')
      case 'assistant_message':
        return say('assistant', message.message.content ?? '', message.id ?? undefined)
      case 'assistant_prosody':
        return sound(message.id, message.models.prosody?.scores)
      case 'error':
        return say('wire', `error ${message.code}: ${message.message}`)
      default:
    }
  })

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const text = box.value.trim()
    if (text === '') return
    const outcome = session.send({ type: 'user_input', text })
    // What was sent comes back as `user_message`; what waits or is lost would not be seen otherwise.
    if (outcome === 'queued') say('wire', `“${text}” waits for the next socket`)
    if (outcome === 'dropped') say('wire', `“${text}” was not sent: the session is ${session.status.name}`)
    else box.value = ''
  })
}
