import type { Provider } from './provider.ts'

/**
 * Several providers behind one address: `{ hume, '/emulators/bithuman': bithuman }`. The longest path prefix that ends at
 * a segment decides and is taken off before the provider sees the address; a path that nobody serves is answered 404.
 */
export function mount(routes: Readonly<Record<string, Provider>>): Provider {
  const table = Object.entries(routes)
    .map(([prefix, provider]) => ({ prefix: `/${prefix}`.replace(/\/+/g, '/').replace(/\/$/, ''), provider }))
    .sort((one, other) => other.prefix.length - one.prefix.length)

  const route = (url: URL) => {
    const found = table.find(({ prefix }) => url.pathname === prefix || url.pathname.startsWith(`${prefix}/`))
    if (!found) return null
    const inner = new URL(url)
    inner.pathname = url.pathname.slice(found.prefix.length) || '/'
    return { provider: found.provider, url: inner }
  }

  return {
    name: 'mount',
    async fetch(request) {
      const to = route(new URL(request.url))
      return to ? to.provider.fetch(new Request(to.url, request)) : nobody()
    },
    async upgrade(upgrade) {
      const to = route(upgrade.url)
      return to ? to.provider.upgrade({ ...upgrade, url: to.url }) : nobody()
    },
  }
}

const nobody = () => new Response('nothing is mounted here', { status: 404 })
