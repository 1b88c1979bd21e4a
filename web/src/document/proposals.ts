/**
 * Proposals: another text for an element, beside it, until a person decides (docs/SPEC.md, WRITE-6).
 *
 * What does not live here: deciding. The server does what is proposed, and tells the run.
 */
import * as Y from 'yjs'
import type { Kind } from '../api/types'
import { stringOf, textOf } from './fields'

export interface Proposal {
  id: string
  run: string
  kind: Kind
  element: string
  how: 'append' | 'replace'
  reason: string
  isOpen: boolean
  /** The element's text as the agent knew it. */
  base: Y.Text
  text: Y.Text
}

const KINDS = new Map<string | null, Kind>([
  ['nodes', 'node'],
  ['plan', 'section'],
  ['diagrams', 'diagram'],
])

export function readProposal(id: string, element: unknown): Proposal | null {
  if (!(element instanceof Y.Map)) return null
  const [run, target] = [stringOf(element, 'run'), stringOf(element, 'element')]
  const kind = KINDS.get(stringOf(element, 'root'))
  const how = stringOf(element, 'how')
  const [base, text] = [textOf(element, 'base'), textOf(element, 'text')]
  if (run === null || target === null || kind === undefined || !base || !text) return null
  if (how !== 'append' && how !== 'replace') return null
  const reason = stringOf(element, 'reason') ?? ''
  const isOpen = stringOf(element, 'status') === 'open'
  return { id, run, kind, element: target, how, reason, isOpen, base, text }
}
