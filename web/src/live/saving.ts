/**
 * Whether everything typed here is on the server's disk: counted, never guessed.
 *
 * After an edit has been sent, a mark follows it (message 102); the server sends the mark back
 * once everything before it is committed (docs/SPEC.md, SES-4). Pure: what is sent, and when
 * marks come back, is told from outside.
 */

/** What is known about edits made in this browser. */
export interface Ledger {
  /** Edits are here that the server has not confirmed. */
  unsaved: boolean
  /** The number of the newest mark that was made. */
  made: number
  /** The mark that confirms all that is here; null while one has to be made. */
  awaited: number | null
}

/** `unsaved` as this browser remembers it from last time. */
export function opened(unsaved: boolean): Ledger {
  return { unsaved, made: 0, awaited: null }
}

/** Something was typed here. */
export function edited(ledger: Ledger): Ledger {
  return { ...ledger, unsaved: true, awaited: null }
}

/** Everything that is here has been sent, and the mark `made` after it. */
export function marked(ledger: Ledger): Ledger {
  const made = ledger.made + 1
  return { ...ledger, made, awaited: made }
}

/** A mark came back. */
export function confirmed(ledger: Ledger, mark: number): Ledger {
  return mark === ledger.awaited ? { ...ledger, unsaved: false, awaited: null } : ledger
}

/** The connection is gone, and marks with it. */
export function parted(ledger: Ledger): Ledger {
  return { ...ledger, awaited: null }
}
