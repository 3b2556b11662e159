/** `npm start`: set-up, then the demo. It is TypeScript, so Vite runs it; the page that it serves comes from the same Vite. */
import { isMain, root, setup, stop } from './setup.mjs'

async function start() {
  setup()
  const { createServer } = await import('vite')
  const vite = await createServer({
    root,
    logLevel: 'warn',
    appType: 'mpa',
    server: { middlewareMode: true, ws: false, hmr: false, watch: null },
  })
  const { serve } = await vite.ssrLoadModule('/demo/server.ts')
  const { url } = await serve({ port: Number(process.env.PORT ?? 5173), page: vite.middlewares })
  console.log(`Heartwire demo: ${url}`)
}

if (isMain(import.meta.url)) await start().catch((error) => stop(error instanceof Error ? error.stack : String(error)))
