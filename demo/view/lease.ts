import type { Session } from '../../src/index.ts'
import { element, place } from './element.ts'

/** The form without a socket: what an engine that is not ours is handed, and never the token itself. */
export function leaseView(session: Session): void {
  place('stage-title').textContent = 'The engine'
  const answer = element('p', { class: 'said', 'aria-live': 'polite' }, 'Nothing was handed over yet.')
  const button = element('button', { type: 'button', 'data-action': 'access-token' }, 'Ask for the token, as an engine would')
  let handed = 0
  button.addEventListener('click', () => {
    session.accessToken().then(
      // The page shows that there is one; what it is, is for the engine only.
      (token) => (answer.textContent = `Token no. ${++handed} handed over: ${token.length} characters, not shown.`),
      (error: unknown) => (answer.textContent = `No token: ${String((error as { code?: unknown }).code)}.`),
    )
  })
  place('stage').replaceChildren(
    element(
      'p',
      { class: 'hint' },
      'No WebSocket is made in this tab. The session holds the lease and renews it; LiveKit, bitHuman’s SDK or another engine takes the token from ',
      element('code', {}, 'session.accessToken()'),
      ', and pauses and resumes with the session.',
    ),
    button,
    answer,
  )
}
