/** What a page keeps: nothing of a token in its document or in its storage, whatever happened. */
import { afterEach, assert, beforeEach, expect, test } from 'vitest'
import { leaksIn } from '../canary/canaries.ts'
import { walk } from '../canary/walk.ts'
import { story } from '../stories/backends.ts'

const contents = (storage: Storage): string =>
  JSON.stringify(Array.from({ length: storage.length }, (_, i) => [storage.key(i), storage.getItem(storage.key(i) ?? '')]))

const kept = (): [string, unknown][] => [
  ['document', document.documentElement.outerHTML],
  ['cookie', document.cookie],
  ['localStorage', contents(localStorage)],
  ['sessionStorage', contents(sessionStorage)],
  ['window.name', window.name],
  ['history', `${location.href} ${JSON.stringify(history.state)}`],
  ['performance', JSON.stringify(performance.getEntries?.() ?? [])],
]

beforeEach(() => {
  localStorage.clear()
  sessionStorage.clear()
  document.body.innerHTML = ''
})
afterEach(() => assert.deepEqual(leaksIn(kept()), []))

test('a page that shows all it is told, and stores all it is told, holds no secret', async () => {
  const it = story({ asks: 'callback' })
  const show = (thing: unknown): void => {
    document.body.append(Object.assign(document.createElement('p'), { textContent: JSON.stringify(thing) }))
    document.documentElement.dataset['status'] = it.session.status.name
    localStorage.setItem('last', JSON.stringify(thing))
    sessionStorage.setItem('last', String(thing))
  }
  it.session.on('status', show)
  it.session.on('notice', show)
  await it.connected()
  it.provider.drop(4401)
  await it.advance(400_000)
  expect(document.body.childElementCount).toBeGreaterThan(2)
})

test('twenty walks leave nothing', async () => {
  for (let seed = 201; seed <= 220; seed++) {
    const { story: it } = await walk(seed)
    await it.leftovers()
    expect(leaksIn(kept()), `seed ${seed}`).toEqual([])
  }
  expect([localStorage.length, sessionStorage.length, document.cookie]).toEqual([0, 0, ''])
})

test.each<[string, (token: string) => void]>([
  ['document', (token) => document.body.setAttribute('data-token', token)],
  ['localStorage', (token) => localStorage.setItem('token', token)],
  ['sessionStorage', (token) => sessionStorage.setItem(token.slice(0, 8), '1')],
  ['cookie', (token) => (document.cookie = `token=${encodeURIComponent(token)}`)],
  ['window.name', (token) => (window.name = Buffer.from(token).toString('base64url'))],
])('a leak planted in %s is found', async (place, plant) => {
  const it = await story().connected()
  plant(it.backend.tokens[0]!)
  expect(leaksIn(kept()).map((leak) => leak.place)).toContain(place)
  document.body.removeAttribute('data-token')
  localStorage.clear()
  sessionStorage.clear()
  document.cookie = 'token=; expires=Thu, 01 Jan 1970 00:00:00 GMT'
  window.name = ''
})
