import type { Redis } from 'ioredis'
import { perMillisecond, sequenceStart } from '../sequence.ts'
import { rememberIdsMs } from '../store.ts'

/** Numbers go out of Lua as text: its own would round a sequence number to 14 digits. */
const clock = `
local function text(number) return string.format('%.0f', number) end
local function msAt(seq) return math.floor(seq / ${perMillisecond}) + ${sequenceStart} end
local function seqAt(ms) return (ms - ${sequenceStart}) * ${perMillisecond} end
local function now(seq)
  local time = redis.call('TIME')
  return math.max(time[1] * 1000 + math.floor(time[2] / 1000), msAt(seq))
end
`

/** Every script but `arrive` answers nil, and does nothing, where the caller believes to be in another stream. */
const enter = `${clock}
local state = redis.call('HMGET', KEYS[1], 'stream', 'seq', 'last', 'born', 'all')
if state[1] ~= ARGV[1] then return false end
local seq = tonumber(state[2])
local ms = now(seq)
`

/** An idle reader moves on with time, so that he is not taken for one who missed something. Reading works where nothing can be written. */
const moveOn = `
local before = seqAt(ms) - 1
if before - seq > ARGV[2] * ${perMillisecond / 4} then
  local moved = redis.pcall('HSET', KEYS[1], 'seq', text(before))
  if type(moved) == 'number' then seq = before end
end
`

/** `KEYS: state. ARGV: id of a new stream, the server's run, '1' if it forgot nothing since the run before, the stream we knew, the highest epoch we saw.` */
const arrive = `${clock}
local state = redis.call('HMGET', KEYS[1], 'stream', 'run')
if not state[1] or (state[2] ~= ARGV[2] and ARGV[3] ~= '1') then
  local ms = now(0)
  local seq = text(seqAt(ms))
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'stream', ARGV[1], 'run', ARGV[2], 'born', text(ms), 'seq', seq, 'last', seq)
elseif state[2] ~= ARGV[2] then
  redis.call('HSET', KEYS[1], 'run', ARGV[2])
end
local found = redis.call('HMGET', KEYS[1], 'stream', 'born')
-- The clock of a new server may be behind: what was withdrawn in the lost stream must not come back.
if ARGV[4] ~= '' and ARGV[4] ~= found[1] and tonumber(ARGV[5]) > tonumber(found[2]) then
  redis.call('HSET', KEYS[1], 'born', ARGV[5])
  found[2] = ARGV[5]
end
return found
`

/**
 * `KEYS: state, log, id, subjects…  ARGV: stream, retentionMs, entriesPerSubject, logEntries, body, subjects…`
 *
 * What was written before an error stays written, so whatever can fail (no memory, read-only) must fail at the first write.
 */
const append = `${enter}
if not redis.call('SET', KEYS[3], '', 'NX', 'PX', ${rememberIdsMs}) then return 'duplicate' end
seq = math.max(seq + 1, seqAt(ms))
local id = text(seq)
local expires = text(msAt(seq) + ARGV[2])
local news = { 'prev', state[3], 'body', ARGV[5] }
for i = 4, #KEYS do
  local newest = redis.call('XREVRANGE', KEYS[i], '+', '-', 'COUNT', 1)[1]
  local after = newest and string.match(newest[1], '^%d+') or '0'
  redis.call('XADD', KEYS[i], 'MAXLEN', '=', ARGV[3], id, 'after', after, 'body', ARGV[5])
  redis.call('PEXPIREAT', KEYS[i], expires)
  table.insert(news, ARGV[i + 2])
  table.insert(news, after)
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], id, unpack(news))
redis.call('PEXPIREAT', KEYS[2], expires)
redis.call('HSET', KEYS[1], 'seq', id, 'last', id)
return 'appended'
`

/** `KEYS: state, log. ARGV: stream, retentionMs, logEntries, '' or 'u:' and the user.` */
const revoke = `${enter}
local field = ARGV[4] == '' and 'all' or ARGV[4]
-- Above every epoch before it: two withdrawals may fall into one millisecond, and the store's birth too.
local epoch = math.max(ms, math.max(state[4], redis.call('HGET', KEYS[1], 'raised') or 0) + 1)
redis.call('HSET', KEYS[1], field, text(epoch), 'raised', text(epoch))
seq = math.max(seq + 1, seqAt(ms))
local id = text(seq)
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], id, 'prev', state[3], 'epoch', text(epoch), 'of', ARGV[4])
redis.call('PEXPIREAT', KEYS[2], text(msAt(seq) + ARGV[2]))
redis.call('HSET', KEYS[1], 'seq', id, 'last', id)
return text(epoch)
`

/** `KEYS: state. ARGV: stream, retentionMs.` */
const head = `${enter}${moveOn}
return text(seq)
`

/** `KEYS: state, subject. ARGV: stream, retentionMs, the position's stream, its seq, how many.` */
const read = `${enter}${moveOn}
local from = tonumber(ARGV[4])
local gap = ARGV[3] ~= ARGV[1] or from > seq
if gap then from = 0 end
local entries = redis.call('XRANGE', KEYS[2], text(from + 1), '+', 'COUNT', ARGV[5])
local after = entries[1] and tonumber(entries[1][2][2]) or 0
-- Nothing before the first entry: there never was anything, or so long ago that it is forgotten.
local tooOld = after == 0 and from < tonumber(state[3]) and msAt(from) + ARGV[2] <= ms
return { text(seq), (gap or after > from or tooOld) and 1 or 0, entries }
`

export const scripts = {
  heartwireArrive: { lua: arrive, numberOfKeys: 1 },
  heartwireAppend: { lua: append },
  heartwireRevoke: { lua: revoke, numberOfKeys: 2 },
  heartwireHead: { lua: head, numberOfKeys: 1 },
  heartwireRead: { lua: read, numberOfKeys: 2 },
}

/** An entry of a Redis stream: its id, and its fields and values in turn. */
export type RawEntry = [id: string, fields: string[]]

/** A connection that knows the scripts. Each answers null where the stream is another one. */
export interface Connection extends Redis {
  heartwireArrive(
    state: string,
    id: string,
    run: string,
    keeps: string,
    known: string,
    floor: number,
  ): Promise<[stream: string, born: string]>
  heartwireAppend(keys: number, ...keysAndArguments: (string | number)[]): Promise<'appended' | 'duplicate' | null>
  heartwireRevoke(state: string, log: string, stream: string, retentionMs: number, logEntries: number, of: string): Promise<string | null>
  heartwireHead(state: string, stream: string, retentionMs: number): Promise<string | null>
  heartwireRead(
    state: string,
    subject: string,
    stream: string,
    retentionMs: number,
    fromStream: string,
    fromSeq: number,
    count: number,
  ): Promise<[seq: string, gap: number, entries: RawEntry[]] | null>
}
