/** An edge between the sides of two cards that face each other, with its label. */
import {
  BaseEdge,
  EdgeLabelRenderer,
  type EdgeProps,
  getBezierPath,
  useInternalNode,
} from '@xyflow/react'
import { memo } from 'react'
import { anchors } from './geometry'

export const FloatingEdge = memo(function FloatingEdge(props: EdgeProps) {
  const source = useInternalNode(props.source)
  const target = useInternalNode(props.target)
  if (!source || !target) return null
  const ends = anchors(source.internals.positionAbsolute, target.internals.positionAbsolute)
  const [path, x, y] = getBezierPath(ends)
  return (
    <>
      <BaseEdge id={props.id} path={path} markerEnd="url(#board-arrow)" interactionWidth={18} />
      {props.label && (
        <EdgeLabelRenderer>
          <div
            className="edge-label"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
          >
            {props.label}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  )
})
