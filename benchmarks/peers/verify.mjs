// Real clients, before numbers count: two providers type, a third joins, all must agree; then
// the load generator writes into the same room, and they must read its markers in order.
// Usage: node verify.mjs plain|hocuspocus URL ROOM MARKERS     ("ready" on stdout in between)
import { createRequire } from 'node:module'
import { WebSocket } from 'ws'

// One copy of Yjs: the providers and this script must see the same one.
const require = createRequire(import.meta.url)
const Y = require('yjs')
const [dialect, url, room, expected] = process.argv.slice(2)
const PATIENCE_MS = 15000

const open = () => {
  const doc = new Y.Doc()
  if (dialect === 'hocuspocus') {
    const { HocuspocusProvider, HocuspocusProviderWebsocket } = require('@hocuspocus/provider')
    const websocketProvider = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: WebSocket })
    const provider = new HocuspocusProvider({ websocketProvider, name: room, document: doc, token: '' })
    provider.attach()
    return { doc, synced: () => provider.synced }
  }
  const { WebsocketProvider } = require('y-websocket')
  const [path, query] = room.split('?')
  const params = Object.fromEntries(new URLSearchParams(query ?? ''))
  const provider = new WebsocketProvider(url, path, doc, { params, WebSocketPolyfill: WebSocket, disableBc: true })
  return { doc, synced: () => provider.synced }
}

const until = async (what, condition) => {
  const limit = Date.now() + PATIENCE_MS
  while (!condition()) {
    if (Date.now() > limit) throw new Error('not in time: ' + what)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
const text = client => client.doc.getText('content').toString()
const equal = clients => clients.every(client => text(client) === text(clients[0]))

const one = open()
const two = open()
await until('both are synced', () => one.synced() && two.synced())
one.doc.getText('content').insert(0, 'first 📊 ')
two.doc.getText('content').insert(0, 'zweitens é ')
await until('both have both', () => [one, two].every(c => text(c).includes('📊') && text(c).includes('é')) && equal([one, two]))
console.log('ready')

const seen = client => [...text(client).matchAll(/~([0-O]{3})([0-O]{4})/g)].map(found => found[0])
await until('both have all markers', () => [one, two].every(client => seen(client).length === Number(expected)))
const ordered = [...seen(one)].sort()
if (seen(one).join() !== ordered.join()) throw new Error('markers out of order')
const three = open()
await until('a newcomer has the same', () => three.synced() && text(three) === text(one) && equal([one, two, three]))
console.log('converged')
process.exit(0)
