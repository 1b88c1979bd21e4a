/**
 * The way to the room: a ticket for each attempt, a websocket, and what is said on it.
 *
 * y-websocket speaks the protocol; when and whether to connect is decided here, because a ticket
 * is good for minutes and because what a refusal means is told by the API, not by a close code.
 * What does not live here: the document, and words for people.
 */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import type { Awareness } from 'y-protocols/awareness'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { api, got, Problem, UNREACHABLE } from '../api/client'
import { unsavedKeyOf } from './kept'
import * as saving from './saving'
import type { Status, Trouble } from './status'

const AUTH = 2
const SYNC_STATUS = 102
/** Marks are sent when typing pauses this long; milliseconds. */
const MARK_AFTER = 25
const FIRST_WAIT = 300
const LONGEST_WAIT = 8000
/** Close codes after which the same bytes would be refused again. */
const IMPOSSIBLE = new Set([4400, 4422, 4423])
/** Bytes; a document of fewer was refused for another reason than a frame's size. */
const LARGE = 64 * 1024
/** A frame was too large for a socket. */
const TOO_LARGE = 1009

export class Connection {
  readonly #project: string
  readonly #doc: Y.Doc
  readonly #provider: WebsocketProvider
  readonly #remembered: string
  readonly #listeners = new Set<() => void>()
  #ledger: saving.Ledger
  #status: Status
  #wait = FIRST_WAIT
  #timer: ReturnType<typeof setTimeout> | null = null
  #markTimer: ReturnType<typeof setTimeout> | null = null
  #stopped = false
  /** All that is here has gone over HTTP, and nothing has been typed since. */
  #carried = false

  constructor(project: string, doc: Y.Doc, awareness: Awareness) {
    this.#project = project
    this.#doc = doc
    this.#remembered = unsavedKeyOf(project)
    this.#ledger = saving.opened(localStorage.getItem(this.#remembered) !== null)
    this.#status = {
      synced: false,
      unsaved: this.#ledger.unsaved,
      trouble: null,
      refusal: null,
    }
    this.#provider = new WebsocketProvider(socketsOf(window.location), project, doc, {
      connect: false,
      awareness,
      disableBc: true,
      shouldReconnect: () => false,
    })
    this.#provider.messageHandlers[AUTH] = this.#hearRefusal
    this.#provider.messageHandlers[SYNC_STATUS] = this.#hearMark
    this.#provider.on('sync', this.#hearSync)
    this.#provider.on('connection-close', this.#hearClose)
  }

  /** After what this browser keeps has been read: from now on, edits are somebody's. */
  start(): void {
    this.#doc.on('update', this.#hearEdit)
    window.addEventListener('online', this.#hurry)
    window.addEventListener('offline', this.#hearOffline)
    void this.#attempt()
  }

  destroy(): void {
    this.#stopped = true
    this.#doc.off('update', this.#hearEdit)
    window.removeEventListener('online', this.#hurry)
    window.removeEventListener('offline', this.#hearOffline)
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#markTimer !== null) clearTimeout(this.#markTimer)
    this.#provider.destroy()
  }

  status = (): Status => this.#status

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Connect anew: a connection that was refused something confirms nothing any more. */
  renew(): void {
    this.#set({ refusal: null, trouble: null })
    this.#provider.disconnect()
    this.#again(0)
  }

  // --- coming and going ---

  async #attempt(): Promise<void> {
    this.#timer = null
    try {
      const params = { path: { project_id: this.#project } }
      const { ticket } = await got(api.POST('/projects/{project_id}/ticket', { params }))
      if (this.#stopped) return
      this.#provider.params = { ticket }
      this.#provider.connect()
    } catch (error) {
      const trouble = troubleOf(error)
      this.#set({ trouble })
      if (trouble.kind === 'offline' || trouble.kind === 'out-of-service')
        this.#again(this.#longer())
    }
  }

  /** Sends all that is here over HTTP, which takes more at once than a frame (HTTP-5). */
  async #carry(): Promise<void> {
    await got(
      api.POST('/projects/{project_id}/update', {
        params: { path: { project_id: this.#project } },
        headers: { 'Content-Type': 'application/octet-stream' },
        body: Y.encodeStateAsUpdate(this.#doc) as unknown as string,
        bodySerializer: (update: unknown) => update as Uint8Array<ArrayBuffer>,
      }),
    )
    if (this.#stopped) return
    this.#carried = true
    this.renew()
  }

  async #carryRefused(): Promise<void> {
    if (Y.encodeStateAsUpdate(this.#doc).length < LARGE) return
    try {
      await this.#carry()
    } catch (error) {
      const isRefused = error instanceof Problem && error.status !== UNREACHABLE
      if (isRefused && this.#status.refusal !== null) this.#set({ refusal: error.message })
    }
  }

  async #carryClosed(): Promise<void> {
    try {
      await this.#carry()
    } catch (error) {
      const trouble = requestTroubleOf(error)
      this.#set({ trouble })
      if (trouble.kind !== 'impossible') this.#again(this.#longer())
    }
  }

  #again(wait: number): void {
    if (this.#stopped) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#attempt(), wait)
  }

  #longer(): number {
    const wait = this.#wait
    this.#wait = Math.min(2 * wait, LONGEST_WAIT)
    return wait
  }

  #hurry = (): void => {
    this.#wait = FIRST_WAIT
    if (this.#timer !== null) this.#again(0)
  }

  #hearOffline = (): void => {
    this.#provider.disconnect()
  }

  #hearClose = (event: CloseEvent | null): void => {
    this.#provider.shouldConnect = false
    this.#ledger = saving.parted(this.#ledger)
    const code = event?.code ?? 1006
    if (code === TOO_LARGE && !this.#carried) {
      this.#set({ synced: false })
      void this.#carryClosed()
      return
    }
    if (code === TOO_LARGE || IMPOSSIBLE.has(code)) {
      this.#set({ synced: false, trouble: { kind: 'impossible', told: event?.reason ?? '' } })
      return
    }
    const told = event?.reason ?? ''
    const trouble: Trouble =
      code === 4503 || code === 4500 ? { kind: 'out-of-service', told } : { kind: 'offline' }
    this.#set({ synced: false, trouble, refusal: null })
    this.#again(this.#longer())
  }

  #hearSync = (isSynced: boolean): void => {
    if (!isSynced) return
    this.#wait = FIRST_WAIT
    this.#set({ synced: true, trouble: null })
    this.#mark()
  }

  // --- what is saved ---

  #hearEdit = (_update: Uint8Array, origin: unknown): void => {
    if (origin === this.#provider) return
    this.#carried = false
    this.#record(saving.edited(this.#ledger))
    this.#markTimer ??= setTimeout(this.#mark, MARK_AFTER)
  }

  #mark = (): void => {
    if (this.#markTimer !== null) clearTimeout(this.#markTimer)
    this.#markTimer = null
    const socket = this.#provider.ws
    if (!this.#status.synced || socket?.readyState !== WebSocket.OPEN) return
    this.#ledger = saving.marked(this.#ledger)
    const payload = encoding.createEncoder()
    encoding.writeVarUint(payload, this.#ledger.made)
    const frame = encoding.createEncoder()
    encoding.writeVarUint(frame, SYNC_STATUS)
    encoding.writeVarUint8Array(frame, encoding.toUint8Array(payload))
    socket.send(encoding.toUint8Array(frame))
  }

  #hearMark = (_reply: encoding.Encoder, message: decoding.Decoder): void => {
    const payload = decoding.createDecoder(decoding.readVarUint8Array(message))
    this.#record(saving.confirmed(this.#ledger, decoding.readVarUint(payload)))
  }

  #hearRefusal = (_reply: encoding.Encoder, message: decoding.Decoder): void => {
    decoding.readVarUint(message)
    const isFirst = this.#status.refusal === null
    this.#set({ refusal: decoding.readVarString(message) })
    if (isFirst && !this.#carried) void this.#carryRefused()
  }

  #record(ledger: saving.Ledger): void {
    this.#ledger = ledger
    if (ledger.unsaved === this.#status.unsaved) return
    if (ledger.unsaved) localStorage.setItem(this.#remembered, '1')
    else localStorage.removeItem(this.#remembered)
    this.#set({ unsaved: ledger.unsaved })
  }

  #set(change: Partial<Status>): void {
    this.#status = { ...this.#status, ...change }
    for (const listener of this.#listeners) listener()
  }
}

function socketsOf(here: Location): string {
  return `${here.protocol === 'https:' ? 'wss' : 'ws'}://${here.host}/yjs`
}

function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Problem) || error.status === UNREACHABLE) return { kind: 'offline' }
  if (error.status === 401) return { kind: 'logged-out' }
  if (error.status === 404) return { kind: 'gone' }
  if (error.status === 503) return { kind: 'out-of-service', told: error.message }
  return { kind: 'offline' }
}

/** What was too large for the socket was refused for good, or only this time. */
function requestTroubleOf(error: unknown): Trouble {
  const isRefused = error instanceof Problem && [400, 409, 413, 422].includes(error.status)
  return isRefused ? { kind: 'impossible', told: error.message } : troubleOf(error)
}
