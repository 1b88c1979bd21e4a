/**
 * Total reads: any client may put anything anywhere, so each field is looked at before it is used.
 *
 * What does not live here: which fields an element has.
 */
import * as Y from 'yjs'

export type Element = Y.Map<unknown>

export function stringOf(element: Element, name: string): string | null {
  const value = element.get(name)
  return typeof value === 'string' ? value : null
}

export function numberOf(element: Element, name: string): number | null {
  const value = element.get(name)
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

export function textOf(element: Element, name: string): Y.Text | null {
  const value = element.get(name)
  return value instanceof Y.Text ? value : null
}
