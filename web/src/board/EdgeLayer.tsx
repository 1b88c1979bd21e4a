/**
 * All edges, drawn on one canvas below the cards: two thousand of them take a few milliseconds,
 * where as many elements of the page would take a hundred.
 *
 * What does not live here: choosing an edge (Board.tsx), and its words for screen readers, which
 * are in the details of each node.
 */
import { useStoreApi } from '@xyflow/react'
import { useEffect, useRef } from 'react'
import { useTheme } from '../app/theme'
import type { BoardModel } from './BoardModel'
import { drawEdges, type View } from './drawEdges'

export function EdgeLayer({ model }: { model: BoardModel }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const store = useStoreApi()
  const theme = useTheme()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme, other colours
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context) return
    let waiting = 0
    const draw = () => {
      waiting = 0
      drawEdges(context, model.edges(), viewOf(store.getState()))
    }
    const later = () => {
      waiting ||= requestAnimationFrame(draw)
    }
    const leave = [store, model].map((one) => one.subscribe(later))
    leave.push(model.subscribeToMovement(later))
    later()
    return () => {
      cancelAnimationFrame(waiting)
      for (const one of leave) one()
    }
  }, [model, store, theme])
  return <canvas className="edge-layer" ref={canvas} />
}

function viewOf(state: {
  transform: [number, number, number]
  width: number
  height: number
}): View {
  const [x, y, zoom] = state.transform
  return { x, y, zoom, width: state.width, height: state.height }
}
