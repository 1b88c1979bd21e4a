/**
 * The graph as a Mermaid flowchart that is valid by construction; the same text as the server's
 * `graph.mmd`.
 *
 * Mermaid has no escape that holds for everything, so ids are made up, and a label keeps only
 * letters, marks, digits and a little punctuation; every other character goes by its number.
 */
import type { Edge } from './edges'
import type { Node } from './nodes'

const EMPTY = '#160;'
const PLAIN = /[\p{L}\p{M}\p{N} .,!?\-_/']/u
const UNSEEN = /\p{C}/u

type Labelled = Pick<Node, 'id' | 'label'>

export function flowchart(nodes: readonly Labelled[], edges: readonly Edge[]): string {
  const names = new Map<string, string>()
  const lines = ['flowchart TD']
  for (const node of byId(nodes)) {
    names.set(node.id, `n${names.size}`)
    lines.push(`    ${names.get(node.id)}["${label(node.label) || EMPTY}"]`)
  }
  for (const edge of byId(edges)) {
    const [source, target] = [names.get(edge.source), names.get(edge.target)]
    if (source === undefined || target === undefined) continue
    const words = label(edge.label)
    lines.push(`    ${source} ${words ? `-->|"${words}"|` : '-->'} ${target}`)
  }
  return `${lines.join('\n')}\n`
}

function byId<T extends { id: string }>(elements: readonly T[]): T[] {
  return elements.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
}

/** Text that stands between double quotes, and reads as it was. */
function label(text: string): string {
  const words = text.split(/\s+/u).filter(Boolean).join(' ')
  return [...words].map(safe).join('')
}

function safe(char: string): string {
  if (PLAIN.test(char)) return char
  return UNSEEN.test(char) ? '' : `#${char.codePointAt(0)};`
}
