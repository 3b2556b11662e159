import { expect, test } from 'vitest'

test('happy-dom gives a document and a WebSocket', () => {
  document.body.innerHTML = '<p id="here">yes</p>'
  expect(document.querySelector('#here')?.textContent).toBe('yes')
  expect(typeof WebSocket).toBe('function')
})
