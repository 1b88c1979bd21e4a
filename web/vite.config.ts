/**
 * How the studio is built: into the Python package that serves it, each file also compressed.
 *
 * What does not live here: where it is served, and with which headers (server/edge/studio.py).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const OUT = '../server/edge/static/studio'
const TEXT = /\.(js|css|html|svg|json)$/
const SERVER = process.env.STUDIO_SERVER ?? 'http://127.0.0.1:8000'

/** Writes `file.br` and `file.gz` beside each text file, so that the server compresses nothing. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    closeBundle() {
      for (const name of readdirSync(OUT, { recursive: true, encoding: 'utf8' })) {
        if (!TEXT.test(name)) continue
        const path = join(OUT, name)
        const plain = readFileSync(path)
        const params = { [constants.BROTLI_PARAM_QUALITY]: 9 }
        writeFileSync(`${path}.br`, brotliCompressSync(plain, { params }))
        writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  plugins: [react(), compressed()],
  build: { outDir: OUT, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0 },
  server: {
    proxy: { '/api': SERVER, '/health': SERVER, '/yjs': { target: SERVER, ws: true } },
  },
})
