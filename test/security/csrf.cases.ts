import type { Origins } from '../../src/server/index.ts'
import { listed } from './origins.cases.ts'

/** One request as it arrives, with the victim's cookie unless `cookie` is false; the names say what made the browser send it. */
export interface RequestShape {
  readonly trick: string
  readonly method: string
  readonly headers: Record<string, string>
  readonly body: BodyInit | null
  /** Appended to the route. */
  readonly search: string
  /** Default: sent. */
  readonly cookie: boolean
  readonly origins: Origins
}
export interface RefusedShape extends RequestShape {
  readonly status: number
  readonly error: string
}

type Parts = Partial<Omit<RequestShape, 'trick'>>
const shape = (trick: string, parts: Parts): RequestShape => ({
  trick,
  method: 'POST',
  headers: {},
  body: parts.method === undefined || /^(POST|PUT|PATCH|DELETE)$/.test(parts.method) ? '{}' : null,
  search: '',
  cookie: true,
  origins: 'same-origin',
  ...parts,
})

const evil = { origin: 'https://evil.example' }
const cross = { 'sec-fetch-site': 'cross-site' }
/** What a browser of today says of itself: a navigation, an element, a `no-cors` fetch, a `cors` fetch. */
const navigates = { ...cross, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-user': '?1' }
const loads = (dest: string, mode = 'no-cors') => ({ ...cross, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest })
const noCors = { ...evil, ...loads('empty') }
const withCors = { ...evil, ...loads('empty', 'cors') }
const own = { origin: 'https://app.example', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }

const asked = { 'content-type': 'application/json', 'x-heartwire': '1' }
const urlencoded = { 'content-type': 'application/x-www-form-urlencoded' }
const multipart = { 'content-type': 'multipart/form-data; boundary=b' }
const plain = { 'content-type': 'text/plain' }
/** A form field whose name and value make JSON of a `text/plain` form. */
const jsonByForm = '{"reason":"connect","x":"=\\r\\n"}'
const asks = (...headers: string[]) => ({
  method: 'OPTIONS',
  headers: { ...withCors, 'access-control-request-method': 'POST', 'access-control-request-headers': headers.join(',') },
})

const refused = (status: number, error: string, rows: readonly [trick: string, parts: Parts][]): RefusedShape[] =>
  rows.map(([trick, parts]) => ({ ...shape(trick, parts), status, error }))

/** What a foreign page can make a browser send: without a preflight, or with one that fails. */
export const foreignShapes: readonly RefusedShape[] = [
  ...refused(403, 'forbidden', [
    ['form, urlencoded', { headers: { ...evil, ...navigates, ...urlencoded }, body: 'reason=connect' }],
    ['form, multipart', { headers: { ...evil, ...navigates, ...multipart }, body: '--b--' }],
    ['form, text/plain that is JSON', { headers: { ...evil, ...navigates, ...plain }, body: jsonByForm }],
    ['form, urlencoded, older browser', { headers: { ...evil, ...urlencoded }, body: 'reason=connect' }],
    ['form, multipart, older browser', { headers: { ...evil, ...multipart }, body: '--b--' }],
    ['form, text/plain that is JSON, older browser', { headers: { ...evil, ...plain }, body: jsonByForm }],
    ['form into a hidden iframe', { headers: { ...evil, ...loads('iframe', 'navigate'), ...urlencoded } }],
    ['form of a sandboxed iframe', { headers: { origin: 'null', ...navigates, ...urlencoded } }],
    ['form of a data URL, older browser', { headers: { origin: 'null', ...urlencoded } }],
    ['form that 307 sent on to us', { headers: { origin: 'null', ...navigates, ...plain }, body: jsonByForm }],
    ['form of a page with no-referrer', { headers: { origin: 'null', ...navigates, ...urlencoded } }],
    ['form of a sibling subdomain', { headers: { origin: 'https://blog.app.example', ...navigates, 'sec-fetch-site': 'same-site' } }],
    ['form that overrides the method by a field', { headers: { ...evil, ...navigates, ...urlencoded }, body: '_method=POST' }],
    ['form without a body', { headers: { ...evil, ...navigates }, body: null }],
    ['no-cors fetch, JSON as text', { headers: { ...noCors, 'content-type': 'text/plain;charset=UTF-8' } }],
    ['no-cors fetch, without a type', { headers: noCors }],
    ['no-cors fetch, without credentials', { headers: noCors, cookie: false }],
    ['no-cors fetch, keepalive as the page goes', { headers: { ...noCors, ...plain }, body: '{"reason":"release","handle":"h"}' }],
    ['no-cors fetch, Origin hidden', { headers: loads('empty') }],
    ['fetch of a foreign service worker', { headers: { ...evil, ...loads('serviceworker', 'no-cors'), ...plain } }],
    ['sendBeacon, a text', { headers: { ...noCors, 'content-type': 'text/plain;charset=UTF-8' } }],
    ['sendBeacon, URLSearchParams', { headers: { ...noCors, 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' } }],
    ['sendBeacon, FormData', { headers: { ...noCors, ...multipart }, body: '--b--' }],
    ['sendBeacon, a typeless Blob', { headers: noCors }],
    ['sendBeacon, a Blob of JSON: its preflight', asks('content-type')],
    ['ping of a link', { headers: { ...noCors, 'content-type': 'text/ping', 'ping-to': 'https://app.example' }, body: 'PING' }],
    ['report of a CSP', { headers: { ...evil, ...loads('report'), 'content-type': 'application/csp-report' } }],
    ['report of the Reporting API', { headers: { ...evil, ...loads('report', 'cors'), 'content-type': 'application/reports+json' } }],
    ['cors fetch: its preflight', asks('content-type', 'x-heartwire')],
    [
      'cors fetch of the null origin: its preflight',
      { ...asks('x-heartwire'), headers: { ...asks('x-heartwire').headers, origin: 'null' } },
    ],
    ['cors fetch, older browser: its preflight', { method: 'OPTIONS', headers: { ...evil, 'access-control-request-method': 'POST' } }],
    [
      'cors fetch from the internet into a private network: its preflight',
      { ...asks('x-heartwire'), headers: { ...asks('x-heartwire').headers, 'access-control-request-private-network': 'true' } },
    ],
    ['cors fetch that asks for every header: its preflight', asks('*')],
    ['cors fetch after a preflight that failed', { headers: { ...withCors, ...asked } }],
    ['cors fetch after a preflight that failed, with a list', { headers: { ...withCors, ...asked }, origins: listed }],
    ['cors fetch, credentials omitted', { headers: { ...withCors, ...asked }, cookie: false }],
    [
      'cors fetch that follows 307 from a listed page: its Origin is null',
      { headers: { ...withCors, ...asked, origin: 'null' }, origins: listed },
    ],
    ['header written in capitals', { headers: { ...withCors, 'content-type': 'application/json', 'X-HEARTWIRE': '1' } }],
    ['header twice', { headers: { ...withCors, ...asked, 'x-heartwire': '1, 1' } }],
    ['plugin that skips the preflight and hides where it is', { headers: { ...asked, origin: 'null' } }],
    ['plugin that skips the preflight', { headers: { ...asked, ...evil } }],
    ['Sec-Fetch-Site of an address that was typed', { headers: { ...asked, ...evil, 'sec-fetch-site': 'none' } }],
    ['Sec-Fetch-Site twice, the good one first', { headers: { ...asked, ...evil, 'sec-fetch-site': 'same-origin, cross-site' } }],
    ['Origin twice, the good one first', { headers: { ...asked, origin: 'https://app.example, https://evil.example' } }],
    ['X-Forwarded-Host that names the attacker', { headers: { ...asked, ...evil, 'x-forwarded-host': 'evil.example' } }],
    ['Referer of our own, Origin of its own', { headers: { ...asked, ...evil, referer: 'https://app.example/' } }],
  ]),
  ...refused(405, 'bad_request', [
    ['image', { method: 'GET', headers: loads('image') }],
    ['image, older browser', { method: 'GET' }],
    ['script', { method: 'GET', headers: loads('script') }],
    ['style sheet', { method: 'GET', headers: loads('style') }],
    ['video', { method: 'GET', headers: { ...loads('video'), range: 'bytes=0-' } }],
    ['iframe', { method: 'GET', headers: loads('iframe', 'navigate') }],
    ['link', { method: 'GET', headers: navigates }],
    ['link with everything in its query', { method: 'GET', search: '?reason=connect&x-heartwire=1&_method=POST' }],
    ['prefetch of a link', { method: 'GET', headers: { ...loads('empty'), 'sec-purpose': 'prefetch' } }],
    ['form, GET', { method: 'GET', headers: navigates, search: '?reason=connect' }],
    ['no-cors fetch, GET', { method: 'GET', headers: loads('empty') }],
    ['no-cors fetch, HEAD', { method: 'HEAD', headers: loads('empty') }],
    ['GET of our own page', { method: 'GET', headers: { ...own, ...asked } }],
    ['EventSource', { method: 'GET', headers: { ...withCors, accept: 'text/event-stream' } }],
    ['WebSocket handshake', { method: 'GET', headers: { ...evil, ...loads('websocket', 'websocket') } }],
    ['script of a service worker', { method: 'GET', headers: { 'service-worker': 'script', ...loads('serviceworker', 'same-origin') } }],
    [
      'GET that overrides its method',
      { method: 'GET', headers: { ...asked, 'x-http-method-override': 'POST', 'x-method-override': 'POST' } },
    ],
    ['PUT', { method: 'PUT', headers: { ...own, ...asked } }],
    ['PATCH', { method: 'PATCH', headers: { ...own, ...asked } }],
    ['DELETE', { method: 'DELETE', headers: { ...own, ...asked } }],
    ['a method of somebody’s own', { method: 'MINT', headers: { ...own, ...asked } }],
  ]),
  // Without Origin and Sec-Fetch-Site (an old browser, a proxy that strips them), what a page cannot write stands alone.
  ...refused(400, 'bad_request', [
    ['form, urlencoded, headers stripped', { headers: urlencoded, body: 'reason=connect' }],
    ['form, multipart, headers stripped', { headers: multipart, body: '--b--' }],
    ['form, text/plain that is JSON, headers stripped', { headers: plain, body: jsonByForm }],
    ['form, only a Referer', { headers: { ...urlencoded, referer: 'https://evil.example/' } }],
    ['JSON without the header, headers stripped', { headers: { 'content-type': 'application/json' } }],
    ['text/plain that says JSON in its charset', { headers: { 'content-type': 'text/plain; charset=application/json' } }],
    ['header in the query', { headers: { 'content-type': 'application/json' }, search: '?x-heartwire=1' }],
    ['header in the body', { headers: { 'content-type': 'application/json' }, body: '{"x-heartwire":"1"}' }],
    ['header with another name', { headers: { 'content-type': 'application/json', 'x-requested-with': 'heartwire' } }],
    ['header with an underscore', { headers: { 'content-type': 'application/json', x_heartwire: '1' } }],
    ['own page without the header', { headers: { ...own, 'content-type': 'application/json' } }],
  ]),
  // And should the header ever get through, only one type is JSON, and no form has it.
  ...refused(415, 'bad_request', [
    ['no type', { headers: { 'x-heartwire': '1' }, body: new Uint8Array([0x7b, 0x7d]) }],
    ['text/plain', { headers: { 'x-heartwire': '1', ...plain } }],
    ['urlencoded', { headers: { 'x-heartwire': '1', ...urlencoded } }],
    ['multipart', { headers: { 'x-heartwire': '1', ...multipart } }],
    ['text/plain with JSON as a parameter', { headers: { 'x-heartwire': '1', 'content-type': 'text/plain; application/json' } }],
    ['text/plain with JSON as its charset', { headers: { 'x-heartwire': '1', 'content-type': 'text/plain;charset=application/json' } }],
    [
      'multipart with JSON as its boundary',
      { headers: { 'x-heartwire': '1', 'content-type': 'multipart/form-data; boundary=application/json' } },
    ],
    ['two types, JSON first', { headers: { 'x-heartwire': '1', 'content-type': 'application/json, text/plain' } }],
    ['two types, JSON last', { headers: { 'x-heartwire': '1', 'content-type': 'text/plain, application/json' } }],
    ['nearly JSON', { headers: { 'x-heartwire': '1', 'content-type': 'application/jsonp' } }],
    ['nearly JSON by suffix', { headers: { 'x-heartwire': '1', 'content-type': 'application/csp-report+json' } }],
    ['text/json', { headers: { 'x-heartwire': '1', 'content-type': 'text/json' } }],
    ['nothing but a parameter', { headers: { 'x-heartwire': '1', 'content-type': ';application/json' } }],
  ]),
]

/** What must pass, so that a guard that refuses everything is seen. */
export const ownShapes: readonly RequestShape[] = [
  shape('own page', { headers: { ...own, ...asked } }),
  shape('own page, older browser', { headers: { ...asked, origin: own.origin } }),
  shape('own page, oldest browser', { headers: asked }),
  shape('own page, keepalive', { headers: { ...own, ...asked }, body: '{"reason":"renew","handle":"h"}' }),
  shape('own page, through its service worker', { headers: { ...own, ...asked, 'sec-fetch-mode': 'same-origin' } }),
  shape('own page, with a query', { headers: { ...own, ...asked }, search: '?tenant=1' }),
  shape('JSON with a charset', { headers: { ...own, ...asked, 'content-type': 'application/json; charset=utf-8' } }),
  shape('JSON in capitals', { headers: { ...own, ...asked, 'content-type': 'Application/JSON;Charset=UTF-8' } }),
  shape('the header with another value', { headers: { ...own, ...asked, 'x-heartwire': '' } }),
  shape('listed page', { headers: { ...loads('empty', 'cors'), ...asked, origin: 'https://shop.example' }, origins: listed }),
  shape('listed page, older browser', { headers: { ...asked, origin: 'https://shop.example' }, origins: listed }),
  shape('a server', { headers: asked, origins: listed }),
]
