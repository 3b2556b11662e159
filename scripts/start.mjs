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

/** The port to listen on; a clear end for a `PORT` that is none. */
function wantedPort() {
  const text = process.env.PORT?.trim() || '5173'
  if (!/^\d+$/.test(text) || Number(text) > 65_535)
    stop(`PORT is ${JSON.stringify(text)}; it must be a number from 0 (any free port) to 65535.`)
  return Number(text)
}

async function start() {
  const port = wantedPort()
  // On the standard output stands the address alone, for whoever starts the demo from a program.
  setup(console.error)
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
  const { url } = await serve({ port, page }).catch((error) => {
    if (error.code !== 'EADDRINUSE') throw error
    return stop(`Port ${port} is taken on this machine. PORT=0 npm start takes any free one; PORT=8080 npm start takes 8080.`)
  })
  console.log(`Heartwire demo: ${url}`)
}

if (isMain(import.meta.url)) await start().catch((error) => stop(error instanceof Error ? error.stack : String(error)))
