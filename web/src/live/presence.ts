/**
 * Who else is here, where they point and what they have selected.
 *
 * Presence is what others say of themselves, so every field is looked at before it is used.
 * What does not live here: carets in texts, which y-codemirror shows from the field `cursor`.
 */
import type { Awareness } from 'y-protocols/awareness'
import { colourOf } from '../ui/people'

export interface Point {
  x: number
  y: number
}

/** One colleague's connection. */
export interface Colleague {
  client: number
  user: string
  name: string
  colour: string
  view: string
  point: Point | null
  selected: readonly string[]
  /** The agent's run that this one is; null for a person. */
  run: string | null
  /** Whether this one looks after derived text (GraphFollower.ts). */
  writes: boolean
}

const MAX_NAME = 80
const MAX_SELECTED = 200

export class Presence {
  readonly awareness: Awareness
  readonly #listeners = new Set<() => void>()
  #colleagues: readonly Colleague[] = []
  #selectors = new Map<string, Colleague>()

  constructor(awareness: Awareness, person: { id: string; name: string }) {
    this.awareness = awareness
    const colour = colourOf(person.id)
    const user = { id: person.id, name: person.name, color: colour, colorLight: `${colour}40` }
    awareness.setLocalStateField('user', user)
    awareness.on('change', this.#hear)
  }

  destroy(): void {
    this.awareness.off('change', this.#hear)
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  colleagues = (): readonly Colleague[] => this.#colleagues

  /** The colour of whoever else has selected this; null for nobody. */
  selectorOf(id: string): Colleague | null {
    return this.#selectors.get(id) ?? null
  }

  /** Clients of colleagues who may write. */
  writers(): number[] {
    return this.#colleagues.filter((one) => one.writes).map((one) => one.client)
  }

  writes(may: boolean): void {
    this.awareness.setLocalStateField('writes', may)
  }

  show(view: string): void {
    this.awareness.setLocalStateField('view', view)
  }

  point(point: Point | null): void {
    this.awareness.setLocalStateField('point', point)
  }

  select(ids: readonly string[]): void {
    this.awareness.setLocalStateField('selected', ids.slice(0, MAX_SELECTED))
  }

  #hear = ({
    added,
    updated,
    removed,
  }: Record<'added' | 'updated' | 'removed', number[]>): void => {
    const { clientID } = this.awareness
    if ([...added, ...updated, ...removed].every((client) => client === clientID)) return
    const found: Colleague[] = []
    for (const [client, state] of this.awareness.getStates()) {
      if (client !== clientID) found.push(colleagueOf(client, state))
    }
    this.#colleagues = found
    this.#selectors = new Map(
      found.toReversed().flatMap((one) => one.selected.map((id) => [id, one] as const)),
    )
    for (const listener of this.#listeners) listener()
  }
}

function colleagueOf(client: number, state: Record<string, unknown>): Colleague {
  const user = recordOf(state.user)
  const id = typeof user.id === 'string' ? user.id : String(client)
  return {
    client,
    user: id,
    name: typeof user.name === 'string' && user.name ? user.name.slice(0, MAX_NAME) : 'Somebody',
    colour: colourOf(id),
    view: typeof state.view === 'string' ? state.view : '',
    point: pointOf(state.point),
    run: state.role === 'agent' && typeof state.run === 'string' ? state.run : null,
    writes: state.writes === true,
    selected: Array.isArray(state.selected)
      ? state.selected
          .filter((one): one is string => typeof one === 'string')
          .slice(0, MAX_SELECTED)
      : [],
  }
}

function pointOf(value: unknown): Point | null {
  const { x, y } = recordOf(value)
  return Number.isFinite(x) && Number.isFinite(y) ? { x: x as number, y: y as number } : null
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
