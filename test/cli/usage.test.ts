import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createDiscretion } from '../../src/cli/discretion.ts'
import { advice } from '../../src/cli/doctor/advice.ts'
import { ran } from './terminal.ts'

test.each([
  [['nonsense'], 'two commands'],
  [['emulate', 'openai'], 'there are hume, bithuman, agenthuman, huechat to emulate'],
  [['emulate', '--port', '65536'], '--port'],
  [['emulate', '--port', '65534'], '--port'],
  [['emulate', '--port'], '--port'],
  [['doctor'], 'doctor needs --url or --bundle'],
  [['doctor', '--url', '/api/token'], '--url: a whole address'],
  [['doctor', '--url', 'ws://127.0.0.1/'], '--url: a whole address'],
  [['doctor', '--url', 'https://ada:canary1234@app.example/'], '--url: an address without user and password'],
  [['doctor', '--ws', 'ws://127.0.0.1/', '--bundle', '.'], '--ws needs --url'],
  [['doctor', '--url', 'http://127.0.0.1/', '--origin', 'https://app.example/page'], '--origin'],
  [['doctor', '--url', 'http://127.0.0.1/', '--header', 'canary-without-colon'], '--header'],
  [['doctor', '--url', 'http://127.0.0.1/', '--header', 'cookie:', 'session=canary12345678'], 'put values with spaces in quotes'],
  [['doctor', '--url', 'http://127.0.0.1/', '--canary12345678=canary12345678'], '[secret]'],
])('%j is a mistake of usage, and repeats nothing', async (args, message) => {
  const { code, out, err } = await ran(args)
  expect([code, out]).toEqual([2, ''])
  expect(err).toContain(message)
  expect(err).not.toContain('canary')
})

test('help and version', async () => {
  expect(await ran(['--help'])).toMatchObject({ code: 0, err: '', out: expect.stringContaining('--ask-provider') })
  expect(await ran([])).toMatchObject({ code: 2, out: '' })
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  expect(await ran(['--version'])).toEqual({ code: 0, err: '', out: `${version}\n` })
})

test('every finding has a section in the docs that says the same, and every section a finding', () => {
  const sections = readFileSync('docs/cli.md', 'utf8').split(/^### /m).slice(1)
  expect(sections.map((section) => section.slice(0, section.indexOf('\n')))).toEqual(Object.keys(advice))
  for (const [index, { why, fix }] of Object.values(advice).entries()) {
    expect(sections[index]?.replace(/\s+/g, ' ')).toContain(`**Why.** ${why} **What to do.** ${fix}`)
  }
})

test('what is kept is hidden, in the form of an address and inside of other words, too', () => {
  const discretion = createDiscretion()
  discretion.keep('ada secret/1')
  discretion.keep('ada secret/1 and more')
  discretion.keep('ok')
  expect(discretion.hide('ok: ada secret/1 and more, ada%20secret%2F1\u001b[31m')).toBe('ok: [secret], [secret] [31m')
})
