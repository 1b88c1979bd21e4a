/** A node: reads what it says by itself, so that a keystroke in one draws one. */
import { Handle, type NodeProps, Position } from '@xyflow/react'
import {
  memo,
  type RefObject,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import { changeNode } from '../document/nodes'
import { useElement } from '../document/useElements'
import type { LiveProject } from '../live/LiveProject'
import type { Colleague } from '../live/presence'
import { useOpen } from '../live/useLive'
import type { BoardModel } from './BoardModel'
import { useBoard } from './boardContext'
import { kindOf } from './kinds'

const SIDES = [
  ['t', Position.Top],
  ['r', Position.Right],
  ['b', Position.Bottom],
  ['l', Position.Left],
] as const

export const NodeCard = memo(function NodeCard({ id, selected }: NodeProps) {
  const { live, canWrite } = useOpen()
  const { model, editing, isFar } = useBoard()
  const card = useRef<HTMLDivElement>(null)
  useMovement(model, id, card)
  const [isNear, setNear] = useState(false)
  const node = useElement(live.nodes, id)
  const colleague = useSelector(live, id)
  if (!node) return null
  const kind = kindOf(node.kind)
  const style = { '--kind': kind.colour, ...(colleague && { '--who': colleague.colour }) }
  const name = `node${selected ? ' selected' : ''}${colleague ? ' held' : ''}${isFar ? ' far' : ''}`
  if (isFar) return <div className={name} style={style} ref={card} />
  return (
    <div
      className={name}
      style={style}
      ref={card}
      onPointerEnter={() => setNear(true)}
      onPointerLeave={(event) => setNear(event.buttons !== 0)}
    >
      <div className="node-head">
        <kind.Icon size={14} aria-hidden />
        <span className="node-kind">{node.kind || kind.title}</span>
      </div>
      {editing === id ? (
        <LabelInput id={id} label={node.label} />
      ) : (
        <div className={`node-label${node.content ? '' : ' alone'}`}>
          {node.label || 'Untitled'}
        </div>
      )}
      {node.content && editing !== id && <div className="node-content">{node.content}</div>}
      {colleague && <span className="node-holder">{colleague.name}</span>}
      {(isNear || selected) && canWrite && <Handles />}
    </div>
  )
})

/** Only where somebody may reach for them: each listens to everything that moves. */
function Handles() {
  return SIDES.map(([name, position]) => (
    <Handle key={name} id={name} type="source" position={position} />
  ))
}

/** Moves what xyflow has put the card into: past xyflow, which would look at every card. */
function useMovement(model: BoardModel, id: string, card: RefObject<HTMLDivElement | null>): void {
  useLayoutEffect(
    () =>
      model.follow(id, ({ x, y }) => {
        const wrapper = card.current?.closest<HTMLElement>('.react-flow__node')
        if (wrapper) wrapper.style.transform = `translate(${x}px,${y}px)`
      }),
    [model, id, card],
  )
}

/** Which colleague has selected this node. */
function useSelector(live: LiveProject, id: string): Colleague | null {
  const name = useSyncExternalStore(
    live.presence.subscribe,
    () => live.presence.selectorOf(id)?.client,
  )
  return name === undefined ? null : live.presence.selectorOf(id)
}

function LabelInput({ id, label }: { id: string; label: string }) {
  const { live } = useOpen()
  const { edit } = useBoard()
  function keep(input: HTMLInputElement): void {
    if (input.value !== label) changeNode(live.document, id, { label: input.value })
    edit(null)
  }
  /** By keyboard one goes on with the card itself. */
  function leave(input: HTMLInputElement): void {
    input.closest<HTMLElement>('.react-flow__node')?.focus()
  }
  return (
    <input
      className="node-input nodrag nopan"
      aria-label="Label"
      defaultValue={label}
      maxLength={300}
      ref={(input) => input?.select()}
      onBlur={(event) => keep(event.currentTarget)}
      onKeyDown={(event) => {
        event.stopPropagation()
        if (event.key === 'Escape') event.currentTarget.value = label
        if (event.key === 'Enter' || event.key === 'Escape') leave(event.currentTarget)
      }}
    />
  )
}
