// Hocuspocus as its documentation sets it up: the Database extension over node:sqlite, every
// default kept (a document is stored 2 s after its last change, 10 s after its first).
// Usage: node hocuspocus.mjs PORT DATABASE
import { DatabaseSync } from 'node:sqlite'
import { Database } from '@hocuspocus/extension-database'
import { Server } from '@hocuspocus/server'

const [port, file] = process.argv.slice(2)
const sqlite = new DatabaseSync(file)
sqlite.exec('PRAGMA journal_mode = WAL')
sqlite.exec('CREATE TABLE IF NOT EXISTS documents (name TEXT PRIMARY KEY, data BLOB NOT NULL)')
const find = sqlite.prepare('SELECT data FROM documents WHERE name = ?')
const keep = sqlite.prepare(
  'INSERT INTO documents VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET data = excluded.data'
)

const server = new Server({
  port: Number(port),
  address: '127.0.0.1',
  quiet: true,
  extensions: [
    new Database({
      fetch: async ({ documentName }) => find.get(documentName)?.data ?? null,
      store: async ({ documentName, state }) => { keep.run(documentName, state) }
    })
  ]
})
server.listen()
