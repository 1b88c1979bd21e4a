// Genuine y-websocket clients, driven from outside: one JSON request a line on standard
// input, one JSON answer a line on standard output. A request is {id, client, op, ...}.
//
//   open   {url, room, params}     a WebsocketProvider on a Y.Doc of its own
//   run    {code}                  evaluates code with {doc, provider, Y, log}; answers its value
//   until  {code}                  the same, again on every event, until it is true
//
// "log" is what the client was told: refusals, close codes, refused openings.
import { createRequire } from 'node:module'
import readline from 'node:readline'
import { WebSocket } from 'ws'
import * as decoding from 'lib0/decoding'

// One copy of Yjs: y-websocket requires its own if this script imports another.
const require = createRequire(import.meta.url)
const Y = require('yjs')
const { WebsocketProvider } = require('y-websocket')

const clients = new Map()

const open = ({ client, url, room, params, options }) => {
  const doc = new Y.Doc()
  const log = { denied: [], closed: [], errors: [] }
  const waiters = new Set()
  class Socket extends WebSocket {
    constructor (address, protocols) {
      super(address, protocols)
      this.on('unexpected-response', (request, response) => {
        log.errors.push(response.statusCode)
        request.destroy()
        this.emit('error', new Error('HTTP ' + response.statusCode))
        this.emit('close', 1006, Buffer.alloc(0))
      })
    }
  }
  const provider = new WebsocketProvider(url, room, doc, {
    params, WebSocketPolyfill: Socket, disableBc: true, ...options
  })
  provider.messageHandlers = provider.messageHandlers.slice()
  provider.messageHandlers[2] = (_encoder, decoder) => {
    decoding.readVarUint(decoder)
    log.denied.push(decoding.readVarString(decoder))
    poke()
  }
  const poke = () => { for (const waiter of waiters) waiter() }
  provider.on('connection-close', event => { if (event) log.closed.push(event.code); poke() })
  provider.on('connection-error', poke)
  provider.on('status', poke)
  provider.on('sync', poke)
  provider.awareness.on('change', poke)
  doc.on('update', poke)
  clients.set(client, { doc, provider, log, waiters })
}

const evaluate = (entry, code) =>
  // eslint-disable-next-line no-new-func
  new Function('doc', 'provider', 'Y', 'log', `return (${code})`)(entry.doc, entry.provider, Y, entry.log)

const until = (entry, code) => new Promise((resolve, reject) => {
  const look = () => {
    try {
      const value = evaluate(entry, code)
      if (!value) return
      entry.waiters.delete(look)
      resolve(value)
    } catch (error) {
      entry.waiters.delete(look)
      reject(error)
    }
  }
  entry.waiters.add(look)
  look()
})

const handle = async request => {
  if (request.op === 'open') return open(request)
  const entry = clients.get(request.client)
  if (entry === undefined) throw new Error('no client ' + request.client)
  return request.op === 'until' ? until(entry, request.code) : evaluate(entry, request.code)
}

const answer = (id, body) => process.stdout.write(JSON.stringify({ id, ...body }) + '\n')

readline.createInterface({ input: process.stdin }).on('line', async line => {
  const request = JSON.parse(line)
  try {
    const value = await handle(request)
    answer(request.id, { value: value === undefined ? null : value })
  } catch (error) {
    answer(request.id, { error: String(error && error.stack || error) })
  }
}).on('close', () => process.exit(0))
