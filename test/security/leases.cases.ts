/** Texts that are no lease, each with one thing wrong. What the tables do not say about a token is as in a good one. */
import { createHmac, createSign, generateKeyPairSync, hkdfSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { CompactEncrypt } from 'jose'
import { audience, key, origin, typ } from '../gateway/kit.ts'

/** Epoch ms at which all of this is shown. */
export const now = Date.UTC(2026, 0, 1)
const seconds = now / 1000

type Part = Readonly<Record<string, unknown>>

export const header: Part = { alg: 'HS256', typ, kid: key.kid }
export const claims: Part = {
  iss: audience,
  aud: audience,
  sub: 'ann',
  jti: 'j-1',
  iat: seconds,
  exp: seconds + 120,
  epoch: now,
  scope: '*',
  origin,
}

const user = 'sub'
/** A good lease of somebody else. */
export const bob: Part = { ...claims, [user]: 'bob' }

const base64 = (bytes: Buffer | string): string => Buffer.from(bytes).toString('base64url')
const part = (value: Part | string): string => base64(typeof value === 'string' ? value : JSON.stringify(value))

type Signer = (input: string) => Buffer

const hmac =
  (hash = 'sha256', secret: string | Buffer = key.secret): Signer =>
  (input) =>
    createHmac(hash, secret).update(input).digest()

const asymmetric =
  (privateKey: KeyObject): Signer =>
  (input) =>
    createSign('sha256').update(input).sign({ key: privateKey, dsaEncoding: 'ieee-p1363' })

/** A token of these parts. A text stands for itself. */
export function jws(head: Part | string = header, body: Part | string = claims, signer: Signer | null = hmac()): string {
  const input = `${part(head)}.${part(body)}`
  return `${input}.${signer === null ? '' : base64(signer(input))}`
}

const withHeader = (more: Part, signer?: Signer | null): string => jws({ ...header, ...more }, claims, signer)
const withClaims = (more: Part): string => jws(header, { ...claims, ...more })
const without = (from: Part, name: string): Part => Object.fromEntries(Object.entries(from).filter(([field]) => field !== name))

const good = jws()
const [goodHead = '', goodBody = '', goodSignature = ''] = good.split('.')

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string

/** Another character of the same alphabet at this place. */
function flipped(text: string, at: number): string {
  const place = at < 0 ? text.length + at : at
  return text.slice(0, place) + (text[place] === 'A' ? 'B' : 'A') + text.slice(place + 1)
}

const jwe = await new CompactEncrypt(Buffer.from(JSON.stringify(claims)))
  .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ, kid: key.kid })
  .encrypt(new Uint8Array(hkdfSync('sha256', key.secret, '', '', 32)))

type Row = readonly [trick: string, token: string]

/** All of these are `invalid`: 4100 on a socket, 401 over REST. */
export const forgeries: readonly Row[] = [
  // Algorithms
  ...['none', 'None', 'NONE', 'nOnE', '', ' none', 'none\u0000'].map((alg): Row => [
    `alg ${JSON.stringify(alg)}, unsigned`,
    withHeader({ alg }, null),
  ]),
  ['alg none, signed all the same', withHeader({ alg: 'none' })],
  ['HS256, without a signature', withHeader({}, null)],
  ['no alg', jws(without(header, 'alg'))],
  ['alg null', withHeader({ alg: null })],
  ['alg as a list', withHeader({ alg: ['HS256'] })],
  ['alg in small letters', withHeader({ alg: 'hs256' })],
  ['HS384', withHeader({ alg: 'HS384' }, hmac('sha384'))],
  ['HS512', withHeader({ alg: 'HS512' }, hmac('sha512'))],
  ['HS256 in the header, HS512 in the signature', withHeader({}, hmac('sha512'))],
  ['RS256', withHeader({ alg: 'RS256' }, asymmetric(rsa.privateKey))],
  ['RS256 in the header, the secret in the signature', withHeader({ alg: 'RS256' })],
  ['ES256', withHeader({ alg: 'ES256' }, asymmetric(ec.privateKey))],
  ['EdDSA in the header', withHeader({ alg: 'EdDSA' })],
  ['a public key as the secret', withHeader({}, hmac('sha256', publicPem))],
  ['an empty secret', withHeader({}, hmac('sha256', ''))],
  ['a secret of null bytes', withHeader({}, hmac('sha256', Buffer.alloc(32)))],
  ['the kid as the secret', withHeader({}, hmac('sha256', key.kid))],
  ['the secret in base64', withHeader({}, hmac('sha256', Buffer.from(key.secret).toString('base64')))],
  ['the secret with a line break', withHeader({}, hmac('sha256', `${key.secret}\n`))],
  // Which key
  ['no kid', jws(without(header, 'kid'))],
  ['an unknown kid', withHeader({ kid: 'k2' })],
  ['an empty kid', withHeader({ kid: '' })],
  ['kid null', withHeader({ kid: null })],
  ['kid as a list', withHeader({ kid: [key.kid] })],
  ['kid as an object', withHeader({ kid: { kid: key.kid } })],
  ['kid as a number', withHeader({ kid: 0 })],
  ['kid in capitals', withHeader({ kid: key.kid.toUpperCase() })],
  ['kid with a space', withHeader({ kid: `${key.kid} ` })],
  ['kid that is a path', withHeader({ kid: '../../../../dev/null' }, hmac('sha256', ''))],
  ['kid that is a query', withHeader({ kid: "k' UNION SELECT 'x' -- " }, hmac('sha256', 'x'))],
  ['kid __proto__', jws(`{"alg":"HS256","typ":"${typ}","kid":"__proto__"}`)],
  ['kid constructor', withHeader({ kid: 'constructor' })],
  ['kid toString', withHeader({ kid: 'toString' })],
  ['kid of 6,000 letters', withHeader({ kid: 'k'.repeat(6_000) })],
  ['the key in the header: jwk', withHeader({ jwk: { kty: 'oct', k: base64('x'.repeat(32)) } }, hmac('sha256', 'x'.repeat(32)))],
  ['the key at an address: jku', withHeader({ jku: 'https://evil.test/keys' }, hmac('sha256', 'x'.repeat(32)))],
  ['the key at an address: x5u', withHeader({ x5u: 'https://evil.test/cert' }, hmac('sha256', 'x'.repeat(32)))],
  ['a certificate in the header: x5c', withHeader({ alg: 'RS256', x5c: ['MIIB'] }, asymmetric(rsa.privateKey))],
  // What kind of token
  ...[
    undefined,
    null,
    '',
    'JWT',
    'at+jwt',
    'heartwire-lease',
    `${typ} `,
    `${typ}\u0000`,
    ['heartwire-lease+jwt'],
    'heartwire-webhook+jwt',
  ].map((kind): Row => [`typ ${JSON.stringify(kind)}`, withHeader({ typ: kind })]),
  ['crit that nobody knows', withHeader({ crit: ['exp2'], exp2: 1 })],
  ['crit of exp', withHeader({ crit: ['exp'], exp: 1 })],
  ['crit empty', withHeader({ crit: [] })],
  ['crit of unencoded payloads', withHeader({ crit: ['b64'], b64: false })],
  ['a header that is a list', jws('[]')],
  ['a header that is null', jws('null')],
  ['a header that is no JSON', jws('{')],
  // Claims
  ...['iss', 'aud', 'sub', 'jti', 'iat', 'exp', 'epoch', 'scope'].flatMap((name): Row[] => [
    [`no ${name}`, jws(header, without(claims, name))],
    [`${name} null`, withClaims({ [name]: null })],
    [`${name} as an object`, withClaims({ [name]: {} })],
  ]),
  ...['iss', 'aud'].flatMap((name): Row[] => [
    [`${name} with a slash`, withClaims({ [name]: `${audience}/` })],
    [`${name} in capitals`, withClaims({ [name]: audience.toUpperCase() })],
    [`${name} a beginning of ours`, withClaims({ [name]: audience.slice(0, -1) })],
    [`${name} that begins with ours`, withClaims({ [name]: `${audience}.evil.test` })],
    [`${name} of another scheme`, withClaims({ [name]: audience.replace('https', 'http') })],
    [`${name} of another gateway`, withClaims({ [name]: 'https://other.test' })],
    [`${name} as a list of ours`, withClaims({ [name]: [audience] })],
    [`${name} as a list with ours in it`, withClaims({ [name]: ['https://other.test', audience] })],
    [`${name} empty`, withClaims({ [name]: '' })],
    [`${name} a wildcard`, withClaims({ [name]: '*' })],
  ]),
  ['sub empty', withClaims({ sub: '' })],
  ['sub as a list', withClaims({ sub: ['ann'] })],
  ['sub as a number', withClaims({ sub: 1 })],
  ['jti as a number', withClaims({ jti: 1 })],
  ['scope as a list', withClaims({ scope: ['*'] })],
  ['once as a text', withClaims({ once: 'true' })],
  ['epoch as a text', withClaims({ epoch: String(now) })],
  ['a life of 301 s', withClaims({ exp: seconds + 301 })],
  ['a life of a year', withClaims({ exp: seconds + 31_536_000 })],
  ['exp 1e300', withClaims({ exp: 1e300 })],
  ['exp that JSON reads as infinite', jws(header, JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999'))],
  ['exp as a text', withClaims({ exp: String(seconds + 120) })],
  ['exp NaN', jws(header, JSON.stringify(claims).replace(/"exp":\d+/, '"exp":NaN'))],
  ['exp true', withClaims({ exp: true })],
  ['iat as a text', withClaims({ iat: String(seconds) })],
  ['iat 61 s ahead', withClaims({ iat: seconds + 61, exp: seconds + 120 })],
  ['iat next year', withClaims({ iat: seconds + 31_536_000, exp: seconds + 31_536_120 })],
  ['iat after exp', withClaims({ iat: seconds + 50, exp: seconds + 40 })],
  ['not yet', withClaims({ nbf: seconds + 1 })],
  ['nbf as a text', withClaims({ nbf: '0' })],
  ['in milliseconds', withClaims({ iat: now, exp: now + 120 })],
  ['bound to another page', withClaims({ origin: 'https://shop.example' })],
  ['bound to a list of pages', withClaims({ origin: [origin] })],
  ['bound to no page', withClaims({ origin: null })],
  ['bound to an empty text', withClaims({ origin: '' })],
  ['a claim twice, the bad one last', jws(header, `${JSON.stringify(claims).slice(0, -1)},"aud":"https://other.test"}`)],
  ['claims that are a list', jws(header, '[]')],
  ['claims that are null', jws(header, 'null')],
  ['claims that are a text', jws(header, '"ann"')],
  ['claims that are no JSON', jws(header, '{"iss":')],
  ['no claims', jws(header, '{}')],
  ['claims behind a prototype', jws(header, `{"__proto__":${JSON.stringify(claims)}}`)],
  // Tampering
  ['first letter of the header', `${flipped(goodHead, 0)}.${goodBody}.${goodSignature}`],
  ['a letter of the header', `${flipped(goodHead, 20)}.${goodBody}.${goodSignature}`],
  ['first letter of the claims', `${goodHead}.${flipped(goodBody, 0)}.${goodSignature}`],
  ['a letter of the claims', `${goodHead}.${flipped(goodBody, 50)}.${goodSignature}`],
  ['first letter of the signature', `${goodHead}.${goodBody}.${flipped(goodSignature, 0)}`],
  ['a letter of the signature', `${goodHead}.${goodBody}.${flipped(goodSignature, -2)}`],
  ["another user's claims under this signature", `${goodHead}.${part(bob)}.${goodSignature}`],
  ['the signature of another lease', `${goodHead}.${goodBody}.${jws(header, bob).split('.')[2]!}`],
  ['a signature cut short', good.slice(0, -4)],
  ['a signature with more at its end', `${good}AAAA`],
  ['an empty signature', `${goodHead}.${goodBody}.`],
  ['no signature at all', `${goodHead}.${goodBody}`],
  ['only a header', goodHead],
  ['a segment more', `${good}.`],
  ['two segments more', `${good}.${goodBody}.${goodSignature}`],
  ['a segment in front', `.${good}`],
  ['empty segments', '..'],
  ['padded base64', `${good}=`],
  ['a padded header', `${goodHead}=.${goodBody}.${goodSignature}`],
  ['plain base64', `${goodHead}.${goodBody}.${Buffer.from(goodSignature, 'base64url').toString('base64')}`],
  ['the signature in hex', `${goodHead}.${goodBody}.${Buffer.from(goodSignature, 'base64url').toString('hex')}`],
  ['a line break inside', `${goodHead}.${goodBody.slice(0, 10)}\n${goodBody.slice(10)}.${goodSignature}`],
  ['a null byte at the end', `${good}\u0000`],
  ['two leases in one', `${good},${good}`],
  // Other things
  ['encrypted with the same key', jwe],
  ['a lease inside an unsigned one', jws({ alg: 'none', typ, cty: 'JWT', kid: key.kid }, good, null)],
  ['a lease inside a signed one', jws({ ...header, cty: 'JWT' }, good)],
  ['JSON instead of compact', JSON.stringify({ protected: goodHead, payload: goodBody, signature: goodSignature })],
  ['HueChat’s key', 'sk_live_51Hx0123456789abcdefghij'],
  ['HueChat’s sandbox key', 'sk_test_51Hx0123456789abcdefghij'],
  ['AgentHuman’s key', 'ah_live_0123456789abcdef'],
  ['bitHuman’s secret', 'bh_0123456789abcdefghijklmnopqrstuv'],
  ['Basic', Buffer.from('ann:secret').toString('base64')],
  ['the text null', 'null'],
  ['the text undefined', 'undefined'],
  ['the text [object Object]', '[object Object]'],
  ['letters of no alphabet', 'ａｎｎ.ｂｏｂ.🔑'],
  ['an address', 'https://evil.test/lease'],
  ['32 KiB', 'x'.repeat(32 * 1024)],
  ['32 KiB of dots', '.'.repeat(32 * 1024)],
  ['empty', ''],
]

/** Good signatures, whose time is over: 4101 on a socket, 401 over REST. */
export const overdue: readonly Row[] = [
  ['over since this second', withClaims({ iat: seconds - 120, exp: seconds })],
  ['over for a minute', withClaims({ iat: seconds - 180, exp: seconds - 60 })],
  ['over since 1970', withClaims({ iat: 1, exp: 2 })],
]

export { good }
