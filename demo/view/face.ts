import type { Session } from '../../src/index.ts'
import type { AgentHumanMessage } from '../../src/presets/agenthuman.ts'
import { drawing, element, place } from './element.ts'

/** What stands for AgentHuman's video: a face whose mouth opens as each frame says, and whose session this is. */
export function faceView(session: Session<AgentHumanMessage, AgentHumanMessage>, room: string): void {
  place('stage-title').textContent = 'The avatar'
  const mouth = drawing('ellipse', { class: 'mouth', cx: 100, cy: 132, rx: 30, ry: 2 })
  const face = drawing(
    'svg',
    { class: 'face', viewBox: '0 0 200 200', role: 'img', 'data-face': 'idle' },
    drawing('title', {}, 'A face; its mouth moves with each frame'),
    drawing('circle', { class: 'skin', cx: 100, cy: 100, r: 86 }),
    drawing('circle', { class: 'eye', cx: 70, cy: 82, r: 8 }),
    drawing('circle', { class: 'eye', cx: 130, cy: 82, r: 8 }),
    mouth,
  )
  const id = element('code', { 'data-count': 'session-id' }, 'none now')
  const nth = element('strong', { 'data-count': 'page-sessions' }, '0')
  const frames = element('strong', { 'data-count': 'page-frames' }, '0')
  const said = element('p', { class: 'said', 'aria-live': 'polite' })
  const box = element('input', {
    name: 'text',
    type: 'text',
    autocomplete: 'off',
    placeholder: 'Say something to it',
    'aria-label': 'Your words',
  })
  const form = element('form', { class: 'say', 'data-form': 'say' }, box, element('button', { type: 'submit' }, 'Send'))
  const stop = element('button', { type: 'button', 'data-action': 'interrupt' }, 'Interrupt it')
  const hint = element(
    'p',
    { class: 'hint' },
    'Your words go over REST, with the key that the backend holds. A session dies with its socket and cannot be restarted: what comes after is a new one.',
  )
  const numbers = element('p', { class: 'numbers' }, nth, ' begun on this page', element('br'), frames, ' frames')
  const about = element('p', { class: 'numbers' }, 'Session ', id)
  place('stage').replaceChildren(
    element('div', { class: 'film' }, face, element('div', { class: 'beside' }, about, numbers, said, form, stop, hint)),
  )

  const seen = { sessions: 0, frames: 0 }
  let current = ''
  session.on('message', (message) => {
    switch (message.type) {
      case 'connection.established':
        current = message.session_id ?? ''
        id.textContent = current
        nth.textContent = String(++seen.sessions)
        said.textContent = ''
        return
      case 'avatar.frame':
        mouth.setAttribute('ry', String(2 + 22 * Number(message['mouth'])))
        frames.textContent = (++seen.frames).toLocaleString('en')
        return
      case 'session.state':
        face.dataset['face'] = String(message['state'])
        if (message['state'] !== 'speaking') mouth.setAttribute('ry', '2')
        return
      case 'transcript':
        said.textContent = `“${String(message['text'])}”`
        return
      case 'error':
        said.textContent = message.error ?? 'An error that says nothing.'
        return
      default:
    }
  })
  session.on('status', ({ name }) => {
    if (name === 'connected') return
    mouth.setAttribute('ry', '2')
    current = ''
    id.textContent = 'none now'
  })

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const content = box.value.trim()
    if (content === '') return
    if (current === '') return void (said.textContent = 'There is no session to hear it.')
    void say(room, current, content).then((refused) => {
      if (refused === '') box.value = ''
      else said.textContent = `It was not told: ${refused}.`
    })
  })
  stop.addEventListener('click', () => void session.send({ type: 'interrupt' }))
}

/** Through the backend, which adds the key. Answers what went wrong, or nothing. */
async function say(room: string, session: string, content: string): Promise<string> {
  const headers = { 'content-type': 'application/json', 'x-heartwire': '1' }
  const body = JSON.stringify({ content })
  const path = `/gateway/${room}/v1/sessions/${session}/messages`
  const code = await fetch(path, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) }).then(
    async (response) => (response.ok ? '' : ((await response.json()) as { error: string }).error),
    ({ name }: Error) => (name === 'TimeoutError' ? 'timeout' : 'network'),
  )
  document.documentElement.dataset['rest'] = code || 'ok'
  return code
}
