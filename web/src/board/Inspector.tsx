/** What is selected, in full: a node's label, kind and text, or an edge's label. */
import { ArrowLeft, ArrowRight, Spline, X } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { Beside } from '../agent/Beside'
import { relabelEdge } from '../document/edges'
import { changeNode, contentOf, type Node } from '../document/nodes'
import { useElement, useElements } from '../document/useElements'
import { useOpen } from '../live/useLive'
import { DraftField } from '../ui/DraftField'
import type { Picture } from './BoardModel'
import { KINDS } from './kinds'
import type { BoardActions } from './useBoardActions'

const TextEditor = lazy(() => import('../editor/TextEditor'))

interface Props {
  picture: Picture
  actions: BoardActions
  onClose: () => void
}

export function Inspector({ picture, actions, onClose }: Props) {
  const [node] = picture.selectedNodes
  const [edge] = picture.selectedEdges
  const count = picture.selectedNodes.length + picture.selectedEdges.length
  if (count !== 1) return null
  return (
    <aside className="inspector" aria-label="Details">
      <button
        type="button"
        className="button plain icon inspector-close"
        aria-label="Close details"
        onClick={onClose}
      >
        <X size={16} aria-hidden />
      </button>
      {node !== undefined && <NodeForm key={node} id={node} actions={actions} />}
      {node === undefined && edge !== undefined && <EdgeForm key={edge} id={edge} />}
    </aside>
  )
}

function NodeForm({ id, actions }: { id: string; actions: BoardActions }) {
  const { live, canWrite } = useOpen()
  const node = useElement(live.nodes, id)
  const content = contentOf(live.document, id)
  if (!node || !content) return null
  const label = 'What there is to say about it'
  return (
    <div className="form">
      <DraftField
        label="Label"
        value={node.label}
        readOnly={!canWrite}
        onKeep={(text) => changeNode(live.document, id, { label: text })}
      />
      <KindField node={node} />
      <div className="field">
        <span>{label}</span>
        <Suspense fallback={<div className="input">{node.content}</div>}>
          <TextEditor
            text={content}
            kind="node"
            id={id}
            undo={live.undo.board}
            label={label}
            placeholder="Add details…"
          />
        </Suspense>
      </div>
      <Beside kind="node" id={id} />
      <Connections id={id} actions={actions} />
    </div>
  )
}

function KindField({ node }: { node: Node }) {
  const { live, canWrite } = useOpen()
  const isKnown = KINDS.some((one) => one.name === node.kind)
  return (
    <label className="field">
      Kind
      <select
        className="input"
        value={node.kind}
        disabled={!canWrite}
        onChange={(event) => changeNode(live.document, node.id, { kind: event.target.value })}
      >
        {!isKnown && <option value={node.kind}>{node.kind || 'None'}</option>}
        {KINDS.map((one) => (
          <option key={one.name} value={one.name}>
            {one.title}
          </option>
        ))}
      </select>
    </label>
  )
}

function Connections({ id, actions }: { id: string; actions: BoardActions }) {
  const { live } = useOpen()
  const edges = useElements(live.edges).filter((edge) => edge.source === id || edge.target === id)
  if (edges.length === 0) return null
  return (
    <div className="field">
      <span>Connections</span>
      <ul className="picks">
        {edges.map((edge) => {
          const isOut = edge.source === id
          const other = live.nodes.get(isOut ? edge.target : edge.source)
          const Sign = isOut ? ArrowRight : ArrowLeft
          if (!other) return null
          return (
            <li key={edge.id} className="row">
              <button type="button" className="pick" onClick={() => actions.goTo(other.id)}>
                <Sign size={14} role="img" aria-label={isOut ? 'To' : 'From'} />
                <span className="grow">{other.label || 'Untitled'}</span>
                {edge.label && <span className="quiet small">{edge.label}</span>}
              </button>
              <button
                type="button"
                className="button plain icon small-icon"
                aria-label={`Details of the edge ${isOut ? 'to' : 'from'} ${other.label || 'Untitled'}`}
                title="Details of the edge"
                onClick={() => actions.select(edge.id)}
              >
                <Spline size={14} aria-hidden />
              </button>
            </li>
          )
        })}
      </ul>
    </div>
  )
}

function EdgeForm({ id }: { id: string }) {
  const { live, canWrite } = useOpen()
  const edge = useElement(live.edges, id)
  if (!edge) return null
  const [from, to] = [live.nodes.get(edge.source), live.nodes.get(edge.target)]
  return (
    <div className="form">
      <p className="small quiet">
        From <strong>{from?.label || 'Untitled'}</strong> to{' '}
        <strong>{to?.label || 'Untitled'}</strong>
      </p>
      <DraftField
        label="Label of the edge"
        value={edge.label}
        readOnly={!canWrite}
        onKeep={(text) => relabelEdge(live.document, id, text)}
      />
    </div>
  )
}
