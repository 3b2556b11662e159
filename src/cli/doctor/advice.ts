/** Why each finding matters and what to do about it. The same names are the sections of docs/cli.md. */
export interface Advice {
  readonly why: string
  readonly fix: string
}

const endpointAdvice = {
  address: {
    why: 'Over plain http everybody on the way reads the token and the cookie.',
    fix: 'Serve the endpoint over https. Only this machine (localhost, 127.0.0.1) may do without.',
  },
  reach: {
    why: 'A page that cannot reach the endpoint shows `network` or `timeout` and never connects.',
    fix: 'Look at what was seen: a wrong name (DNS), nothing that listens there (refused), a certificate that is not valid (TLS), or a server that does not answer.',
  },
  redirect: {
    why: 'The page does not follow redirects: one would carry the request, and its cookies, somewhere else.',
    fix: 'Give the page the final address: with or without the slash, with www, with https. For a caller who is not signed in answer 401, not a redirect to a login page.',
  },
  html: {
    why: 'A login page, a captive portal or a single-page app answers in place of the endpoint.',
    fix: 'Let the route itself answer, with JSON: 401 `{ "error": "login_required" }` where nobody is signed in. With --header you can pass a cookie.',
  },
  token: {
    why: 'Without `access_token` in a JSON answer there is nothing to connect with.',
    fix: 'Answer POST with `{ "access_token": "…", "expires_in": 60 }`. If the endpoint wants to know who is asking, pass its cookie with --header.',
  },
  'content-type': {
    why: 'The page reads an answer only if its content type is JSON; everything else is taken for a page of somebody else.',
    fix: 'Send `content-type: application/json`.',
  },
  'long-lived-key': {
    why: 'Whoever opens the page can copy the key and use your account until you rotate it.',
    fix: 'Rotate that key now. Exchange it on the backend for a short-lived token, and answer with that alone.',
  },
  'expires-in': {
    why: 'Without a lifetime the page has to guess when to renew, and a wrong guess ends the session.',
    fix: 'Send `expires_in`: a positive number of seconds from now.',
  },
  'absolute-time': {
    why: 'A time of day is compared with the clock of the device, which may be wrong by hours.',
    fix: 'Send `expires_in`, seconds from now: subtract the current time of the backend from the absolute one.',
  },
  lifetime: {
    why: 'Under 5 s a token is over before it is used; over an hour a stolen one is nearly a key.',
    fix: 'Mint tokens for one to thirty minutes. They are renewed by themselves.',
  },
  'jwt-life': {
    why: 'If `expires_in` is longer than the life of the token inside, the page renews too late.',
    fix: 'Send `expires_in` = `exp` − now, from the token itself.',
  },
  'jwt-alg': {
    why: 'A token with `alg: none` has no signature: anybody can write one.',
    fix: 'Sign tokens, and refuse unsigned ones where they are checked.',
  },
  'no-store': {
    why: 'A cache on the way, or the browser itself, may keep the token and hand it out again, even to somebody else.',
    fix: 'Send `cache-control: no-store` with every answer.',
  },
  fresh: {
    why: 'The same token twice means that the route is cached: after its end every renewal brings a dead token.',
    fix: 'Answer POST, make the route dynamic (Next.js: `export const dynamic = "force-dynamic"`), and do not keep tokens on the backend.',
  },
  clock: {
    why: 'A clock that is off makes tokens that are over at birth, or not valid yet, and breaks TLS.',
    fix: 'Set both clocks by NTP: that of the server and that of this machine. The one that is wrong may be this one.',
  },
  get: {
    why: 'A GET can be cached, prefetched, and started by an image or a link on any page.',
    fix: 'Answer everything but POST (and OPTIONS) with 405.',
  },
  head: {
    why: 'Frameworks answer HEAD with the handler of GET: a link checker then mints.',
    fix: 'Answer HEAD with 405.',
  },
  header: {
    why: 'The header forces a preflight. Without it a foreign page can make a signed-in browser mint (CSRF).',
    fix: 'Refuse requests without the header `x-heartwire` with 400.',
  },
  'body-type': {
    why: 'Forms and plain text cross origins without a preflight; JSON does not.',
    fix: 'Refuse every content type but `application/json` with 415.',
  },
  origin: {
    why: 'A page of somebody else should not be able to mint in the name of your users.',
    fix: 'Compare `Origin` with a list of your own pages, exactly, and answer 403.',
  },
  'null-origin': {
    why: '`Origin: null` is what sandboxed frames and local files send: anybody can have it.',
    fix: 'Never list `null`; answer 403.',
  },
  cors: {
    why: 'CORS headers for every origin let any page read the token of a signed-in user.',
    fix: 'List your own pages exactly. Never send `*`, and never send back whatever `Origin` came.',
  },
  anybody: {
    why: 'The endpoint gives tokens to callers that it does not know; they use your account and your money.',
    fix: 'Check the login before minting (`authorize`), and answer 401. For a public demo, limit by address.',
  },
  'large-body': {
    why: 'A token request is small; reading large bodies for anybody costs memory.',
    fix: 'Refuse bodies over 16 KiB with 413.',
  },
  prototype: {
    why: 'A field `__proto__` that is merged somewhere changes every object of the process.',
    fix: 'Refuse the fields `__proto__`, `constructor` and `prototype` with 400.',
  },
  errors: {
    why: 'Without a known `error` in the body the page goes by the HTTP status alone and tells less.',
    fix: 'Answer errors with `{ "error": code }` from the list in docs/token-endpoint.md, with its HTTP status.',
  },
  leak: {
    why: 'Stack traces, and what a provider said, tell strangers about your code, and sometimes your keys.',
    fix: 'Answer with constant sentences and log the rest. If a key was shown, rotate it.',
  },
} as const satisfies Record<string, Advice>

const socketAdvice = {
  'ws-address': {
    why: 'Over plain ws everybody on the way reads the token.',
    fix: 'Use wss. Only this machine may do without.',
  },
  'ws-reach': {
    why: 'Without an answer to the handshake no session connects.',
    fix: 'Check name, port and certificate, and that the proxy before it lets `Upgrade` through.',
  },
  'ws-redirect': {
    why: 'Chromium and Firefox fail on a redirected handshake, WebKit follows it, and carries the token along.',
    fix: 'Never redirect an upgrade: give the page the final address, and refuse others with 404.',
  },
  'ws-token': {
    why: 'The token is what opens the socket: without one, or with a wrong one, nobody may come in, and with a fresh one everybody should.',
    fix: 'Check `access_token` at the handshake and refuse with 401. If a fresh token is refused, compare host, audience and key.',
  },
  'ws-origin': {
    why: 'Browsers let every page open a WebSocket to every host, with cookies: only the server can check who asks.',
    fix: 'Compare `Origin` with a list of your own pages at the upgrade, exactly, and refuse with 403.',
  },
  'ws-null-origin': {
    why: '`Origin: null` is what sandboxed frames and local files send: anybody can have it.',
    fix: 'Refuse it at the upgrade with 403.',
  },
  'ws-close': {
    why: 'A server that does not answer a close keeps browsers waiting, Chromium for 60 s, and counts sessions that are over.',
    fix: 'Answer a close frame with one, at once.',
  },
} as const satisfies Record<string, Advice>

const keyAdvice = {
  'live-key': {
    why: 'A key for live data is used by a backend on this machine: mistakes cost money and touch real customers.',
    fix: 'Use a test key (`…_test_…`) in development, or `heartwire emulate`.',
  },
  'two-names': {
    why: 'One secret under two names with two values: after a rotation one of them is the old one.',
    fix: 'Keep one of the two, the one that your packages read, and remove the other.',
  },
  'provider-key': {
    why: 'With a key that the provider refuses every mint fails, and failed calls can lock your address out.',
    fix: 'Install the key that the dashboard of the provider shows now.',
  },
  bundle: {
    why: 'What is in the built page is public: whoever opens it can copy the key and use your account.',
    fix: 'Rotate that key now, keep it on the backend, and build again. Look for variables with a public prefix (VITE_, NEXT_PUBLIC_).',
  },
} as const satisfies Record<string, Advice>

export const advice = { ...endpointAdvice, ...socketAdvice, ...keyAdvice }

/** Stable: scripts may ask for it. */
export type FindingId = keyof typeof advice
