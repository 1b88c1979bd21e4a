/**
 * What this person is looking at: what a question to the agent is about.
 *
 * Unlike what presence says is selected, it stays while the focus is in the agent's panel.
 */
import type { Kind } from '../api/types'

export interface Focus {
  elements: readonly { kind: Kind; id: string }[]
  /** A range of the first element's text, in code points, and what it says. */
  span: { start: number; end: number; text: string } | null
}

const NOTHING: Focus = { elements: [], span: null }

export class Attention {
  readonly #listeners = new Set<() => void>()
  #focus = NOTHING

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  focus = (): Focus => this.#focus

  turnTo(elements: Focus['elements'], span: Focus['span'] = null): void {
    this.#focus = elements.length === 0 ? NOTHING : { elements, span }
    for (const listener of this.#listeners) listener()
  }

  /** To nothing in particular. */
  rest = (): void => this.turnTo([])
}

/** A range of UTF-16 units of a text as one of code points. */
export function spanOf(text: string, from: number, to: number): Focus['span'] {
  const start = [...text.slice(0, from)].length
  const words = text.slice(from, to)
  return { start, end: start + [...words].length, text: words }
}
