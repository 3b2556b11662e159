import type { Session } from '../../src/index.ts'
import type { HueChatEvent } from '../../src/presets/huechat.ts'
import { createInbox } from '../inbox.ts'
import type { Budget, Conversation, RestAnswer } from '../inbox.ts'
import { element, place } from './element.ts'

/** A small inbox: what webhooks told, a box that answers over REST, and what the last call had to say of limits. */
export function inboxView(session: Session<HueChatEvent, never>, customerWrites: () => void): void {
  place('stage-title').textContent = 'The inbox'
  const inbox = createInbox(session)
  let open: string | undefined

  const people = element('ul', { class: 'people', 'aria-label': 'Conversations' })
  const thread = element('ol', { class: 'talk', 'aria-live': 'polite', 'aria-label': 'Messages', tabindex: 0 })
  const box = element('input', { name: 'text', type: 'text', autocomplete: 'off', placeholder: 'Answer', 'aria-label': 'Your answer' })
  const form = element('form', { class: 'say', 'data-form': 'say' }, box, element('button', { type: 'submit' }, 'Send'))
  const rest = element('p', { class: 'rest', role: 'status' }, 'No call was made yet.')
  const again = element('button', { type: 'button', 'data-action': 'read-again' }, 'Read all over REST')
  const customer = element('button', { type: 'button', 'data-action': 'customer' }, 'Let a customer write')
  const hint = element(
    'p',
    { class: 'hint' },
    'What customers write comes as a webhook, through the gateway, to this session. What you write goes over REST, with the key that the gateway holds, and comes back as a webhook too.',
  )
  place('stage').replaceChildren(
    element('div', { class: 'inbox' }, people, element('div', { class: 'thread' }, thread, form)),
    rest,
    element('div', { class: 'row' }, customer, again),
    hint,
  )

  const current = (): Conversation | undefined => inbox.conversations.find(({ id }) => id === open) ?? inbox.conversations[0]
  const draw = (): void => {
    const shown = current()
    open = shown?.id
    if (shown) inbox.seen(shown)
    const chosen = document.activeElement?.getAttribute('data-conversation')
    people.replaceChildren(...inbox.conversations.map((one) => element('li', {}, person(one, one === shown))))
    // Drawn anew while somebody goes through it with the keyboard.
    people.querySelector<HTMLElement>(`[data-conversation="${chosen}"]`)?.focus()
    const messages = [...(shown?.messages.values() ?? [])].slice(-60)
    thread.replaceChildren(
      ...messages.map(({ from, content, status }) =>
        element(
          'li',
          { 'data-from': from === 'user' ? 'user' : 'assistant' },
          element('p', {}, content),
          ...(from === 'user' ? [element('p', { class: 'prosody', 'data-receipt': status }, status)] : []),
        ),
      ),
    )
    thread.scrollTop = thread.scrollHeight
  }
  const person = ({ id, name, channel, unread, messages }: Conversation, isOpen: boolean): HTMLElement => {
    const made = element(
      'button',
      { type: 'button', 'data-conversation': id, 'aria-current': isOpen ? 'true' : undefined },
      element('span', {}, name, ...(unread > 0 ? [' ', element('b', { class: 'unread' }, String(unread))] : [])),
      element('small', {}, `${channel} · ${[...messages.values()].at(-1)?.content ?? ''}`),
    )
    made.addEventListener('click', () => {
      open = id
      draw()
    })
    return made
  }

  const told = (answer: RestAnswer): void => {
    document.documentElement.dataset['rest'] = answer.code
    rest.replaceChildren(...sentenceFor(answer))
    draw()
  }
  const read = (): void => void inbox.read().then(told)
  // Whoever comes back to the same stream is told what happened meanwhile; whoever begins anew has to ask.
  let begins = true
  session.on('status', ({ name }) => {
    if (name === 'closed') begins = true
    if (name !== 'connected' || !begins) return
    begins = false
    read()
  })
  session.on('notice', ({ name }) => {
    // Something between two events is lost: only a list knows what.
    if (name === 'gap') read()
  })
  session.on('message', (event) => {
    inbox.take(event)
    draw()
  })
  again.addEventListener('click', read)
  customer.addEventListener('click', customerWrites)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const to = current()
    const content = box.value.trim()
    if (content === '' || !to) return
    void inbox.send(to, content).then((answer) => {
      if (answer.code === 'ok') box.value = ''
      told(answer)
    })
  })
}

function sentenceFor({ status, code, share, key }: RestAnswer): Array<string | Node> {
  const verdict = element('strong', { 'data-count': 'rest' }, status === 0 ? `not sent · ${code}` : `${status} ${code}`)
  const left = (what: string, budget: Budget | undefined): string =>
    budget ? ` · ${what} ${budget.remaining} of ${budget.limit} left this minute` : ''
  return ['Last call: ', verdict, left('your share', share), left('the key', key)]
}
