/**
 * Sections of the plan, in the order of (rank, id) by the UTF-16 unit, as everybody sorts them.
 *
 * Ranks are fractional indices: moving a section changes that section and no other.
 */
import { generateKeyBetween, generateNKeysBetween } from 'fractional-indexing'
import * as Y from 'yjs'
import { stringOf, textOf } from './fields'
import { assign, edit, elementOf, newId, type ProjectDocument } from './project'

export interface Section {
  id: string
  title: string
  rank: string
  body: Y.Text
}

/** The server takes no longer ones. */
const MAX_RANK = 100

export function readSection(id: string, element: unknown): Section | null {
  if (!(element instanceof Y.Map)) return null
  const [title, rank] = [stringOf(element, 'title'), stringOf(element, 'rank')]
  const body = textOf(element, 'body')
  if (title === null || rank === null || body === null) return null
  return { id, title, rank, body }
}

type Ranked = Pick<Section, 'id' | 'rank'>

export function inOrder<T extends Ranked>(sections: readonly T[]): T[] {
  return sections.toSorted((a, b) => compare(a.rank, b.rank) || compare(a.id, b.id))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A rank between two; null where there is no room, or a neighbour's is no fractional index. */
export function rankBetween(low: string | null, high: string | null): string | null {
  try {
    const rank = generateKeyBetween(low, high)
    const fits = (low === null || low < rank) && (high === null || rank < high)
    return fits && rank.length <= MAX_RANK ? rank : null
  } catch {
    return null
  }
}

/** Adds a section as the `index`-th; its id. */
export function addSection(
  project: ProjectDocument,
  order: readonly Ranked[],
  index: number,
  { title, body = '' }: { title: string; body?: string },
): string {
  const id = newId()
  edit(project, () => {
    const rank = makeRoom(project, order, index)
    project.plan.set(id, newSection(title, rank, body))
  })
  return id
}

/** The first sections of an empty plan. */
export function addSections(project: ProjectDocument, titles: readonly string[]): void {
  const ranks = generateNKeysBetween(null, null, titles.length)
  edit(project, () => {
    titles.forEach((title, index) => {
      project.plan.set(newId(), newSection(title, ranks[index] as string, ''))
    })
  })
}

function newSection(title: string, rank: string, body: string): Y.Map<unknown> {
  const element = new Y.Map<unknown>([
    ['title', title],
    ['rank', rank],
  ])
  element.set('body', new Y.Text(body))
  return element
}

export function retitleSection(project: ProjectDocument, id: string, title: string): void {
  const element = elementOf(project.plan, id)
  if (element) edit(project, () => assign(element, { title }))
}

/** Moves a section so that it becomes the `index`-th of `order`. */
export function moveSection(
  project: ProjectDocument,
  order: readonly Ranked[],
  id: string,
  index: number,
): void {
  const others = order.filter((one) => one.id !== id)
  const element = elementOf(project.plan, id)
  if (element) edit(project, () => assign(element, { rank: makeRoom(project, others, index) }))
}

export function removeSection(project: ProjectDocument, id: string): void {
  edit(project, () => project.plan.delete(id))
}

/** A rank for a newcomer before `order[index]`; the others get new ones only if there is no room. */
function makeRoom(project: ProjectDocument, order: readonly Ranked[], index: number): string {
  const rank = rankBetween(order[index - 1]?.rank ?? null, order[index]?.rank ?? null)
  if (rank !== null) return rank
  const fresh = generateNKeysBetween(null, null, order.length + 1)
  const [mine] = fresh.splice(index, 1)
  order.forEach((one, place) => {
    const element = elementOf(project.plan, one.id)
    if (element) assign(element, { rank: fresh[place] as string })
  })
  return mine as string
}
