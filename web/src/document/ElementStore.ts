/**
 * The well-formed elements of one root, each heard of by those who show it and by nobody else.
 *
 * A keystroke in one of a thousand nodes reads that node anew and wakes its own listeners; the
 * list is a new array only if an element came, went or changed.
 * What does not live here: React (useElements.ts).
 */
import type * as Y from 'yjs'
import type { Element } from './fields'

type Listener = () => void

export class ElementStore<T extends object> {
  readonly root: Y.Map<Element>
  readonly #read: (id: string, element: unknown) => T | null
  readonly #elements = new Map<string, T>()
  readonly #ofOne = new Map<string, Set<Listener>>()
  readonly #ofAll = new Set<Listener>()
  #all: readonly T[] = []

  constructor(root: Y.Map<Element>, read: (id: string, element: unknown) => T | null) {
    this.root = root
    this.#read = read
    for (const id of root.keys()) this.#refresh(id)
    this.#all = [...this.#elements.values()]
    root.observeDeep(this.#hear)
  }

  destroy(): void {
    this.root.unobserveDeep(this.#hear)
  }

  get(id: string): T | undefined {
    return this.#elements.get(id)
  }

  all(): readonly T[] {
    return this.#all
  }

  subscribe = (listener: Listener): Listener => {
    this.#ofAll.add(listener)
    return () => this.#ofAll.delete(listener)
  }

  subscribeTo(id: string, listener: Listener): Listener {
    const listeners = this.#ofOne.get(id) ?? new Set()
    this.#ofOne.set(id, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#ofOne.delete(id)
    }
  }

  #hear = (events: Y.YEvent<Y.AbstractType<unknown>>[]): void => {
    const touched = new Set<string>()
    for (const event of events) {
      if (event.path.length > 0) touched.add(String(event.path[0]))
      else for (const id of event.keys.keys()) touched.add(id)
    }
    const changed = [...touched].filter((id) => this.#refresh(id))
    if (changed.length === 0) return
    this.#all = [...this.#elements.values()]
    for (const id of changed)
      this.#ofOne.get(id)?.forEach((listener) => {
        listener()
      })
    this.#ofAll.forEach((listener) => {
      listener()
    })
  }

  /** Reads one element again; whether it differs. */
  #refresh(id: string): boolean {
    const before = this.#elements.get(id)
    const after = this.#read(id, this.root.get(id))
    if (after === null) return this.#elements.delete(id)
    if (before !== undefined && equal(before, after)) return false
    this.#elements.set(id, after)
    return true
  }
}

function equal<T extends object>(one: T, other: T): boolean {
  const keys = Object.keys(one) as (keyof T)[]
  return keys.every((key) => Object.is(one[key], other[key]))
}
