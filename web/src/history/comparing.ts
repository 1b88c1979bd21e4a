/**
 * What became of the elements of a project between two of its states.
 *
 * What does not live here: what became of them since a snapshot, which the server says.
 */
import { diffWordsWithSpace } from 'diff'
import type { Content, ElementDifference, Kind } from '../api/types'

type Fields = Record<string, string | number | null>
type Piece = ElementDifference['text'][number]

const LISTS: Record<Kind, 'nodes' | 'edges' | 'plan' | 'diagrams'> = {
  section: 'plan',
  node: 'nodes',
  edge: 'edges',
  diagram: 'diagrams',
}
const TEXTS: Record<Kind, string | null> = {
  section: 'body',
  node: 'content',
  edge: null,
  diagram: 'source',
}
const NAMED: Record<Kind, readonly string[]> = {
  section: ['title'],
  node: ['label', 'kind'],
  edge: ['label', 'source', 'target'],
  diagram: ['title', 'kind', 'derived_from'],
}
const PLACES = ['x', 'y', 'rank']
/** Beyond this, words are not compared but one text is put in the other's place. */
const MOST_COMPARED_MS = 80

export function differencesBetween(before: Content, after: Content): ElementDifference[] {
  return (Object.keys(LISTS) as Kind[]).flatMap((kind) => {
    const [old, now] = [byId(before, kind), byId(after, kind)]
    const ids = new Set([...old.keys(), ...now.keys()])
    return [...ids].flatMap((id) => {
      const found = compared(kind, id, old.get(id), now.get(id))
      return found ? [found] : []
    })
  })
}

function byId(content: Content, kind: Kind): Map<string, Fields> {
  const elements: readonly { id: string }[] = content[LISTS[kind]]
  return new Map(elements.map((one) => [one.id, one as unknown as Fields]))
}

function compared(kind: Kind, id: string, old?: Fields, now?: Fields): ElementDifference | null {
  const one = { kind, id, moved: false, fields: [], text: [] }
  if (!old || !now)
    return { ...one, change: now ? 'added' : 'removed', element: now ?? old ?? null }
  const fields = NAMED[kind]
    .filter((name) => old[name] !== now[name])
    .map((name) => ({ name, before: old[name] ?? null, after: now[name] ?? null }))
  const text = piecesOf(kind, old, now)
  const moved = PLACES.some((name) => old[name] !== now[name])
  if (fields.length + text.length === 0 && !moved) return null
  const change = fields.length + text.length > 0 ? 'changed' : 'moved'
  return { ...one, change, moved, fields, text }
}

function piecesOf(kind: Kind, old: Fields, now: Fields): Piece[] {
  const name = TEXTS[kind]
  const [before, after] = name === null ? ['', ''] : [String(old[name]), String(now[name])]
  if (before === after) return []
  const found = diffWordsWithSpace(before, after, { timeout: MOST_COMPARED_MS })
  return (
    found?.map(({ added, removed, value }) => ({
      change: added ? 'insert' : removed ? 'delete' : 'keep',
      text: value,
    })) ?? [
      { change: 'delete', text: before },
      { change: 'insert', text: after },
    ]
  )
}
