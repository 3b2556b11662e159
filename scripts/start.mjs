/**
 * `npm start`: set-up, then the demo, on the port that `PORT` names (0 = any free one).
 *
 * The demo is TypeScript, so Vite builds its page, into memory, and runs its server, `demo/server.ts`. That exports
 * `serve({ port, page })`, where `page('/')` is a file of the built page, and gives the address. The page is built and not
 * served by Vite's development server, whose own client would open a WebSocket among those that the demo shows.
 */
import { extname } from 'node:path'
import { isMain, root, setup, stop } from './setup.mjs'

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.map': 'application/json',
}

async function builtPage() {
  const { build } = await import('vite')
  const { output } = await build({
    root,
    configFile: false,
    logLevel: 'warn',
    build: { write: false, target: 'es2022', minify: false, sourcemap: true, modulePreload: false, copyPublicDir: false },
  })
  const files = new Map(
    output.map((file) => [
      `/${file.fileName}`,
      { body: file.type === 'chunk' ? file.code : file.source, type: types[extname(file.fileName)] ?? 'application/octet-stream' },
    ]),
  )
  return (path) => files.get(path === '/' ? '/index.html' : path)
}

async function start() {
  setup()
  const { createServer } = await import('vite')
  const page = await builtPage()
  const vite = await createServer({
    root,
    configFile: false,
    logLevel: 'warn',
    server: { middlewareMode: true, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  })
  const { serve } = await vite.ssrLoadModule('/demo/server.ts')
  const { url } = await serve({ port: Number(process.env.PORT ?? 5173), page })
  console.log(`Heartwire demo: ${url}`)
}

if (isMain(import.meta.url)) await start().catch((error) => stop(error instanceof Error ? error.stack : String(error)))
