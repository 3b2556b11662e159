import { expect, inject, test } from 'vitest'

test('this is a real browser with a real WebSocket', async () => {
  expect(navigator.userAgent).toMatch(/Chrome\/\d+/)
  const socket = new WebSocket(inject('echoUrl'))
  const answer = new Promise((resolve, reject) => {
    socket.onmessage = (event) => resolve(event.data)
    socket.onerror = reject
  })
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = reject
  })
  socket.send('hello')
  expect(await answer).toBe('hello')
  socket.close(1000)
})
