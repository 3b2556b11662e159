import type { Origins } from '../../src/server/index.ts'

/** Where the guarded route stands in these tables; its own pages are of `https://app.example`. */
export const address = 'https://app.example/api/token'

/** The listed pages of the rows that have a list. */
export const listed = ['https://shop.example', 'https://xn--mnchen-3ya.example', 'http://localhost:5173', 'capacitor://localhost']

export interface OriginCase {
  readonly trick: string
  /** The rule that the backend has. */
  readonly origins: Origins
  /** The `Origin` header; `null` for none. */
  readonly origin: string | null
  /** The `Sec-Fetch-Site` header; `null` for none. */
  readonly site: string | null
  /** The route as the backend sees it. */
  readonly url: string
  readonly allowed: boolean
}

type Row = [trick: string, origin: string | null, site?: string | null, url?: string]

const table = (origins: Origins, allowed: boolean, rows: readonly Row[]): OriginCase[] =>
  rows.map(([trick, origin, site = null, url = address]) => ({ trick, origins, origin, site, url, allowed }))

/**
 * Which pages may ask, row by row, as the headers that arrive. For every route that asks `originRule`: the token endpoint,
 * and handshakes. Foreign pages cannot write `Sec-Fetch-Site`, so a row in which it lies is an older browser or no browser.
 */
export const originCases: readonly OriginCase[] = [
  ...table('same-origin', true, [
    ['own page', 'https://app.example', 'same-origin'],
    ['own page, browser without Sec-Fetch-Site', 'https://app.example'],
    ['own page, browser that sends no Origin to its own', null, 'same-origin'],
    ['no browser at all', null],
    ['no browser, or an address that was typed', null, 'none'],
    ['own page on its own port', 'https://app.example:8443', null, 'https://app.example:8443/api/token'],
    ['own page on IPv4', 'http://127.0.0.1:3000', null, 'http://127.0.0.1:3000/api/token'],
    ['own page on IPv6', 'http://[::1]:3000', null, 'http://[::1]:3000/api/token'],
    ['own page over https, behind a proxy that speaks http', 'https://app.example', null, 'http://app.example/api/token'],
    ['own page over https on its own port, behind a proxy', 'https://app.example:8443', null, 'http://app.example:8443/api/token'],
    ['own page, behind a proxy that changes the host', 'https://public.example', 'same-origin', 'http://10.0.0.7:3000/api/token'],
  ]),
  ...table('same-origin', false, [
    ['foreign page', 'https://evil.example', 'cross-site'],
    ['foreign page, browser without Sec-Fetch-Site', 'https://evil.example'],
    ['foreign page whose browser hides its Origin', null, 'cross-site'],
    ['sibling subdomain', 'https://blog.app.example', 'same-site'],
    ['sibling subdomain, browser without Sec-Fetch-Site', 'https://blog.app.example'],
    ['sibling whose browser hides its Origin', null, 'same-site'],
    ['parent domain', 'https://example', 'same-site'],
    ['another port', 'https://app.example:8443', 'same-site'],
    ['another port, browser without Sec-Fetch-Site', 'https://app.example:8443'],
    ['https on its usual port, route on another', 'https://app.example', null, 'http://app.example:3000/api/token'],
    ['port 443 written out', 'https://app.example:443'],
    ['http page, https route: a downgrade', 'http://app.example', 'cross-site'],
    ['http page, browser without Sec-Fetch-Site', 'http://app.example'],
    ['own name as a subdomain of another', 'https://app.example.evil.example'],
    ['own name as an ending', 'https://evilapp.example'],
    ['own name as a user', 'https://app.example@evil.example'],
    ['own name as a user with a password', 'https://app.example:443@evil.example'],
    ['own name behind a backslash', 'https://evil.example\\app.example'],
    ['own name in a fragment', 'https://evil.example#app.example'],
    ['own name in a path', 'https://evil.example/app.example'],
    ['trailing dot of the root', 'https://app.example.'],
    ['trailing slash', 'https://app.example/'],
    ['a path', 'https://app.example/page'],
    ['upper case', 'HTTPS://APP.EXAMPLE'],
    ['null of a sandbox', 'null', 'cross-site'],
    ['null, browser without Sec-Fetch-Site', 'null'],
    ['null that calls itself same-origin', 'null', 'same-origin'],
    ['null that calls itself typed', 'null', 'none'],
    ['NULL', 'NULL'],
    ['empty', ''],
    ['a wildcard', '*'],
    ['a file', 'file://'],
    ['a browser extension', 'chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai', 'none'],
    ['a data URL', 'data:text/html,x'],
    ['host without a scheme', 'app.example'],
    ['without a scheme, protocol-relative', '//app.example'],
    ['websocket scheme', 'wss://app.example'],
    ['two origins, own one first', 'https://app.example, https://evil.example'],
    ['two origins, own one last', 'https://evil.example, https://app.example'],
    ['two origins with a space between', 'https://app.example https://evil.example'],
    ['own origin that Sec-Fetch-Site contradicts', 'https://app.example', 'cross-site'],
    ['Sec-Fetch-Site in capitals', 'https://evil.example', 'SAME-ORIGIN'],
    ['Sec-Fetch-Site twice', 'https://evil.example', 'same-origin, cross-site'],
    ['Sec-Fetch-Site empty', 'https://app.example', ''],
    ['Sec-Fetch-Site unknown', null, 'same-party'],
    ['typed address with a foreign Origin', 'https://evil.example', 'none'],
    ['another name of this machine', 'http://localhost:3000', null, 'http://127.0.0.1:3000/api/token'],
    ['IPv6 for IPv4', 'http://[::ffff:7f00:1]:3000', null, 'http://127.0.0.1:3000/api/token'],
    ['IPv4 as a number', 'http://2130706433:3000', null, 'http://127.0.0.1:3000/api/token'],
  ]),
  ...table(listed, true, [
    ['listed page', 'https://shop.example', 'cross-site'],
    ['listed page, browser without Sec-Fetch-Site', 'https://shop.example'],
    ['listed page of the same site', 'https://shop.example', 'same-site'],
    ['listed IDN in the form that browsers send', 'https://xn--mnchen-3ya.example', 'cross-site'],
    ['listed development server', 'http://localhost:5173', 'cross-site'],
    ['listed app', 'capacitor://localhost', 'cross-site'],
    ['no browser, beside a list', null],
  ]),
  ...table(listed, false, [
    ['unlisted page', 'https://evil.example', 'cross-site'],
    ['own page that is not in the list', 'https://app.example', 'same-origin'],
    ['listed name with an ending', 'https://shop.example.evil'],
    ['listed name with a beginning', 'https://evilshop.example'],
    ['subdomain of a listed one', 'https://www.shop.example', 'cross-site'],
    ['listed name over http', 'http://shop.example'],
    ['listed name on another port', 'https://shop.example:444'],
    ['listed name with its own port', 'https://shop.example:443'],
    ['listed name with a trailing dot', 'https://shop.example.'],
    ['listed name with a slash', 'https://shop.example/'],
    ['listed name in capitals', 'https://Shop.example'],
    ['listed name with a user', 'https://x@shop.example'],
    ['listed IDN in letters', 'https://m\u00fcnchen.example'],
    ['listed IDN, another punycode that looks alike', 'https://xn--mnchen-4ya.example'],
    ['listed development server, another port', 'http://localhost:5174', 'same-site'],
    ['listed development server by its address', 'http://127.0.0.1:5173'],
    ['listed app under another scheme', 'ionic://localhost'],
    ['listed twice over', 'https://shop.example, https://shop.example'],
    ['null beside a list', 'null', 'cross-site'],
    ['no Origin from elsewhere, beside a list', null, 'cross-site'],
    ['a name that rebinds to us: the list knows no host', 'http://evil.example:3000', 'same-origin', 'http://evil.example:3000/api/token'],
  ]),
]

/** What may not stand in a list: nothing that no browser would send, nothing that means more than one page. */
export const unlistable: readonly [trick: string, entry: string][] = [
  ['everything', '*'],
  ['null', 'null'],
  ['empty', ''],
  ['every subdomain', 'https://*.example'],
  ['no scheme', 'shop.example'],
  ['protocol-relative', '//shop.example'],
  ['a trailing slash', 'https://shop.example/'],
  ['a path', 'https://shop.example/page'],
  ['a query', 'https://shop.example?a'],
  ['a fragment', 'https://shop.example#a'],
  ['a user', 'https://me@shop.example'],
  ['its own port', 'https://shop.example:443'],
  ['capitals', 'https://Shop.example'],
  ['letters that are no ASCII', 'https://m\u00fcnchen.example'],
  ['IPv4 as a number', 'http://2130706433'],
  ['IPv6 in long form', 'http://[0:0:0:0:0:0:0:1]'],
  ['a file', 'file://'],
  ['two in one', 'https://a.example, https://b.example'],
  ['two in one, without a space', 'https://a.example,https://b.example'],
  ['white space', ' https://shop.example'],
  ['a line break', 'https://shop.example\n'],
  ['a backslash', 'https://shop.example\\'],
]
