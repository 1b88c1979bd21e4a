/** The one honest indicator: what is said about the connection and about what is saved. */

/** Why a connection is not to be had. */
export type Trouble =
  /** Out of reach: the network, or a server that is down. */
  | { kind: 'offline' }
  /** The server answers and cannot save: its storage is full or out of service. */
  | { kind: 'out-of-service'; told: string }
  /** Logged out. */
  | { kind: 'logged-out' }
  /** No such project any more, for this person. */
  | { kind: 'gone' }
  /** The server will not take what this browser holds. */
  | { kind: 'impossible'; told: string }

export interface Status {
  /** In step with the server. */
  synced: boolean
  unsaved: boolean
  trouble: Trouble | null
  /** Why the server refused a write on this connection. */
  refusal: string | null
}

export type Indication = 'connecting' | 'offline' | 'saving' | 'saved' | 'refused'

export function indicationOf(status: Status): Indication {
  if (status.refusal !== null && status.unsaved) return 'refused'
  if (status.trouble !== null) return 'offline'
  if (!status.synced) return 'connecting'
  return status.unsaved ? 'saving' : 'saved'
}

const WORDS: Record<Indication, string> = {
  connecting: 'Connecting…',
  offline: 'Offline',
  saving: 'Saving…',
  saved: 'Saved',
  refused: 'Not saved',
}

export function wordsOf(status: Status): string {
  const indication = indicationOf(status)
  if (indication === 'offline' && status.unsaved) return 'Offline, kept in this browser'
  return WORDS[indication]
}
