/** `speak` and `add-context`, as docs.bithuman.ai/api/agents has them. */
import { describe, expect, test } from 'vitest'
import { fixture } from './bithuman-fixture.ts'

const verbs = [
  ['speak', { message: 'Hello' }, 'speak'],
  ['add-context', { context: 'A member since 2021' }, 'add_context'],
] as const

const notFound = (message: string) => ({
  status: 404,
  body: { error: { code: 'NOT_FOUND', message, httpStatus: 404 }, status: 'error', status_code: 404 },
})

describe.each(verbs)('%s', (verb, body, context_type) => {
  /** Two rooms of one agent, two sockets in the first of them, and a room of another agent. */
  const rooms = async () => {
    const all = fixture({ agents: ['A1', 'A2'] })
    const join = async (agent_code: string, room_name: string) =>
      all.dial((await all.mint(undefined, { agent_code, room_name })).token, agent_code)
    const [one, again, two, other] = [await join('A1', 'one'), await join('A1', 'one'), await join('A1', 'two'), await join('A2', 'one')]
    return { ...all, sockets: { one, again, two, other } }
  }

  test('reaches every room of the agent, each counted once', async () => {
    const { post } = await rooms()
    const answer = await post(`/v1/agent/A1/${verb}`, body)
    expect(answer).toMatchObject({ status: 200, body: { agent_code: 'A1', context_type, delivered_to_rooms: 2 } })
  })

  test('with room_id it reaches that room and no other', async () => {
    const { post, sockets } = await rooms()
    const answer = await post(`/v1/agent/A1/${verb}`, { ...body, room_id: 'two', ...(verb === 'add-context' && { type: 'speak' }) })
    expect(answer).toMatchObject({ status: 200, body: { agent_code: 'A1', context_type: 'speak', delivered_to_rooms: 1 } })
    const spoken = Object.entries(sockets).filter(([, { got }]) => got.some(({ type }) => type === 'transcript'))
    expect(spoken.map(([name]) => name)).toEqual(['two'])
  })

  test('tells an idle agent from one that is not owned, by the message only', async () => {
    const { post } = fixture({ agents: ['A1'] })
    expect(await post(`/v1/agent/A1/${verb}`, body)).toMatchObject(notFound('No active rooms found for agent A1'))
    expect(await post(`/v1/agent/A9/${verb}`, body)).toMatchObject(notFound('Agent not found for code: A9'))
  })

  test('a room that is over, or of another agent, is none', async () => {
    const { post, sockets } = await rooms()
    sockets.two.leave()
    for (const room_id of ['two', 'nowhere']) {
      expect(await post(`/v1/agent/A1/${verb}`, { ...body, room_id })).toMatchObject(notFound('No active rooms found for agent A1'))
    }
    expect(await post(`/v1/agent/A2/${verb}`, { ...body, room_id: 'one' })).toMatchObject({ body: { delivered_to_rooms: 1 } })
  })
})

test('add-context takes two types', async () => {
  const { post, mint, dial } = fixture()
  await dial((await mint()).token, 'A1')
  expect(await post('/v1/agent/A1/add-context', { context: 'x', type: 'add_context' })).toMatchObject({
    body: { context_type: 'add_context' },
  })
  expect(await post('/v1/agent/A1/add-context', { context: 'x', type: 'shout' })).toMatchObject({
    status: 400,
    body: { error: { code: 'VALIDATION_ERROR' } },
  })
})
