/** A page with one session, that writes down what happened to it. */
import { makeSession, type Kind } from './presets.ts'

const session = makeSession(new URLSearchParams(location.search).get('kind') as Kind)
/** Events of the page and statuses of the session, in order. */
const story: string[] = []
addEventListener('pagehide', ({ persisted }) => story.push(`pagehide ${persisted}`))
addEventListener('pageshow', ({ persisted }) => persisted && story.push('pageshow true'))
document.addEventListener('freeze', () => story.push('freeze'))
document.addEventListener('resume', () => story.push('resume'))
session.on('status', (status) => story.push('reason' in status ? `${status.name} ${status.reason}` : status.name))
Object.assign(globalThis, { session, story })
void session.connect()
