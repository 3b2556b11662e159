/** Texts that somebody means well, and what becomes of them when somebody does not. */
import type { Random } from '../simulation/random.ts'

/** The beginning of every secret in these tests; nothing that comes out may hold it. */
export const mark = 'Zq7canary'

const frames = [
  '{"type":"ready","version":1,"session":"s","cursor":"a.1","resumed":false,"expires_in":60,"ack_every":4,"spread_ms":100}',
  '{"type":"event","seq":2,"after":1,"event":{"type":"message.received","data":{"text":"hällo"}}}',
  '{"type":"gap","cursor":"a.7"}',
  '{"type":"position","seq":3}',
  '{"type":"renewed","expires_in":60}',
  '{"type":"message","message":{"a":[1,2.5e3,-0,null,true]}}',
  '{"type":"goaway","spread_ms":2000}',
  '{"type":"error","code":"I0100","slug":"x","message":"no"}',
  '{"type":"chat_metadata","chat_id":"1","chat_group_id":"2","request_id":null}',
  '{"type":"user_message","message":{"role":"user","content":"\\u0000\\ud83d\\ude00"},"models":{},"from_text":true,"interim":false}',
  '{"type":"audio_output","id":"1","data":"AAAA","index":0}',
  '{"type":"hello","version":1,"access_token":"t","cursor":"a.1"}',
  '{"type":"renew","access_token":"t"}',
  '{"type":"ack","seq":3}',
  '{"type":"ping"}',
]
const grants = [
  `{"access_token":"${mark}.token","expires_in":60,"handle":"h","connect_by":30}`,
  `{"access_token":"${mark}.token","token_type":"Bearer"}`,
  '{"error":"quota","retry_after":20}',
  '{"error":"key_refused"}',
  '{"error":{"message":"no"}}',
]
const webhooks = [
  '{"id":"e1","type":"message.received","timestamp":"2026-01-01T00:00:00Z","data":{"text":"hi"},"organization_id":"o","retry_count":0}',
]
const words = [
  'a.1',
  'stream.9007199254740991',
  '120',
  'Thu, 01 Jan 1970 00:01:40 GMT',
  'application/json; charset=utf-8',
  'wss://x.test/p?room=1#f',
]

/** What makes a link usable, at one provider or another. */
const ready = [frames[0]!, frames[8]!]

export const samples = { frames, ready, grants, webhooks, words, all: [...frames, ...grants, ...webhooks, ...words] } as const

const numbers = ['1e999', '-1e999', '1e308', '-0', '-1', '9007199254740993', '0.1e-400', '2147483648', '"7"'] as const

const pieces = [
  ...numbers,
  '"__proto__":{"polluted":true},',
  '"constructor":{"prototype":{"polluted":true}},',
  '"toString":1,"hasOwnProperty":2,"then":3,',
  '"type":"ready",',
  '"type":null,',
  '"type":{"toString":1},',
  'NaN',
  '\ud800',
  '\udc00\ud800',
  '\u0000',
  '\ufeff',
  '\u2028\u2029',
  '\u202e',
  '\\ud800',
  '\\u0000',
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\',
  ',',
  ':',
  '[[[[[[[[',
  '{"a":{"a":{"a":',
  'null',
  'true',
  '""',
  '[]',
  '{}',
  '<!doctype html>',
  '%00',
  '\r\n',
  '=',
  '.',
  ' ',
] as const

/** One text: mostly one that is meant well and changed in a few places, seldom long or deep. */
export function text(random: Random, of: readonly string[] = samples.all): string {
  const kind = random.next()
  if (kind < 0.02) return deep(random)
  if (kind < 0.03) return random.one(['x', '{"a":', '\ud800', '9']).repeat(1 + Math.floor(random.next() * 4_000))
  if (kind < 0.06) return noise(random)
  let made = random.one(of)
  for (let changes = 1 + Math.floor(random.next() * 4); changes > 0; changes--) made = changed(made, random, of)
  return made
}

function changed(before: string, random: Random, of: readonly string[]): string {
  const at = Math.floor(random.next() * (before.length + 1))
  const to = Math.min(before.length, at + Math.floor(random.next() * 8))
  switch (Math.floor(random.next() * 8)) {
    case 0:
      return before.slice(0, at)
    case 1:
      return before.slice(0, at) + before.slice(to)
    case 2:
      return before.slice(0, to) + before.slice(at)
    case 3:
      return before.slice(0, at) + String.fromCharCode(Math.floor(random.next() * 0x10000)) + before.slice(to)
    case 4:
      return before.slice(0, at) + random.one(of).slice(Math.floor(random.next() * 20))
    case 5:
      return revalued(before, random)
    case 6:
      // As the first field.
      return before.replace('{', () => `{${random.one(pieces)}`)
    default:
      return before.slice(0, at) + random.one(pieces) + before.slice(at)
  }
}

/** Another value for one of the fields. */
function revalued(before: string, random: Random): string {
  const values = [...before.matchAll(/(?<=:)(?:\d+|"[^"]*"|null|true|false)/g)]
  const value = random.one(values)
  if (!value) return before
  const other = /^\d/.test(value[0]) ? random.one(numbers) : random.one(pieces)
  return before.slice(0, value.index) + other + before.slice(value.index + value[0].length)
}

function deep(random: Random): string {
  const depth = Math.floor(random.spread(10, 20_000))
  const [open, close] = random.one([
    ['[', ']'],
    ['{"a":', '}'],
    ['{"__proto__":', '}'],
    ['[{"a":', '}]'],
  ] as const)
  return open.repeat(depth) + (random.chance(0.7) ? `1${close.repeat(depth)}` : '')
}

const noise = (random: Random): string =>
  Array.from({ length: Math.floor(random.next() * 60) }, () => String.fromCharCode(Math.floor(random.next() * 0x10000))).join('')

export function bytes(random: Random): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: Math.floor(random.spread(1, 400)) }, () => Math.floor(random.next() * 256))
}
