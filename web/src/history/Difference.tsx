/** What became of one element: words in colour, fields before and after. */
import { FileText, GitCommitHorizontal, RotateCcw, StickyNote, Workflow } from 'lucide-react'
import type { ElementDifference, Kind } from '../api/types'
import { useOpen } from '../live/useLive'

const SIGNS: Record<Kind, typeof FileText> = {
  node: StickyNote,
  edge: GitCommitHorizontal,
  section: FileText,
  diagram: Workflow,
}
/** Fields that people know by another name, or that mean nothing to them. */
const FIELDS: Record<string, string> = { derived_from: 'follows' }
const UNSEEN = new Set(['x', 'y', 'rank'])

interface Props {
  difference: ElementDifference
  onRestore: (() => void) | null
}

export function Difference({ difference, onRestore }: Props) {
  const Sign = SIGNS[difference.kind]
  const name = useName(difference)
  const fields = difference.fields.filter((one) => !UNSEEN.has(one.name))
  return (
    <article className={`difference ${difference.change}`}>
      <div className="row">
        <Sign size={16} aria-hidden />
        <strong className="grow">{name}</strong>
        <span className={`badge change-${difference.change}`}>
          {difference.kind} {difference.change}
        </span>
        {onRestore && (
          <button
            type="button"
            className="button plain icon"
            aria-label={`Restore ${name}`}
            title="Make this as it was"
            onClick={onRestore}
          >
            <RotateCcw size={15} aria-hidden />
          </button>
        )}
      </div>
      {fields.map((one) => (
        <p className="small" key={one.name}>
          <span className="quiet">{FIELDS[one.name] ?? one.name}: </span>
          <del>{String(one.before ?? '')}</del> <ins>{String(one.after ?? '')}</ins>
        </p>
      ))}
      {difference.change !== 'moved' && difference.moved && (
        <p className="small quiet">Moved, too.</p>
      )}
      <Words difference={difference} />
    </article>
  )
}

function Words({ difference }: { difference: ElementDifference }) {
  if (difference.text.length === 0) return <WholeText difference={difference} />
  return (
    <p className="difference-text">
      {difference.text.map((piece, index) => {
        // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no name but their place
        if (piece.change === 'insert') return <ins key={index}>{piece.text}</ins>
        // biome-ignore lint/suspicious/noArrayIndexKey: the same
        if (piece.change === 'delete') return <del key={index}>{piece.text}</del>
        // biome-ignore lint/suspicious/noArrayIndexKey: the same
        return <span key={index}>{shortened(piece.text)}</span>
      })}
    </p>
  )
}

/** All of the text of an element that came or went. */
function WholeText({ difference: { change, element } }: { difference: ElementDifference }) {
  const text = element?.content ?? element?.body ?? element?.source
  if (typeof text !== 'string' || text === '') return null
  const words = shortened(text)
  return (
    <p className="difference-text">
      {change === 'added' ? <ins>{words}</ins> : <del>{words}</del>}
    </p>
  )
}

const AROUND = 120

/** What stayed is shown only near what changed. */
function shortened(text: string): string {
  return text.length > 2 * AROUND + 20 ? `${text.slice(0, AROUND)} … ${text.slice(-AROUND)}` : text
}

/** What people call the element: as it was, or as it is now. */
function useName({ kind, id, element, fields }: ElementDifference): string {
  const { live } = useOpen()
  const field = kind === 'node' || kind === 'edge' ? 'label' : 'title'
  const before = element?.[field] ?? fields.find((one) => one.name === field)?.before
  if (typeof before === 'string' && before !== '') return before
  const stores = {
    node: live.nodes,
    edge: live.edges,
    section: live.sections,
    diagram: live.diagrams,
  }
  const now = stores[kind].get(id) as { label?: string; title?: string } | undefined
  if (kind === 'edge')
    return edgeName(live.edges.get(id) ?? element ?? {}, (node) => live.nodes.get(node)?.label)
  return now?.label || now?.title || `Untitled ${kind}`
}

function edgeName(edge: object, labelOf: (id: string) => string | undefined): string {
  const { source, target } = edge as { source?: unknown; target?: unknown }
  const end = (id: unknown) => (typeof id === 'string' && labelOf(id)) || 'a node'
  return `${end(source)} → ${end(target)}`
}
