/**
 * Dragging one of a list to another place, by mouse, pen or finger.
 *
 * Pointer events and not HTML's drag and drop, which fingers cannot do.
 */
import { type PointerEvent, type RefObject, useState } from 'react'

interface Drag {
  from: number
  /** The place before which it would land, counted with the one that moves. */
  before: number
}

/** What to listen to at the handle of the `index`-th, and the place that is shown meanwhile. */
export function useReorder(
  list: RefObject<HTMLElement | null>,
  move: (from: number, to: number) => void,
) {
  const [drag, setDrag] = useState<Drag | null>(null)

  function drop(): void {
    setDrag(null)
    if (drag === null) return
    const to = drag.before > drag.from ? drag.before - 1 : drag.before
    if (to !== drag.from) move(drag.from, to)
  }

  const handle = (index: number) => ({
    onPointerDown(event: PointerEvent<HTMLElement>) {
      if (event.button !== 0) return
      event.preventDefault()
      event.currentTarget.setPointerCapture(event.pointerId)
      setDrag({ from: index, before: index })
    },
    onPointerMove(event: PointerEvent<HTMLElement>) {
      if (drag === null) return
      setDrag({ ...drag, before: placeAt(event.clientY, middlesOf(list.current)) })
    },
    onPointerUp: drop,
    onPointerCancel: () => setDrag(null),
  })
  return { handle, before: drag?.before ?? null }
}

/** How many of these heights lie above `y`. */
export function placeAt(y: number, middles: readonly number[]): number {
  return middles.filter((middle) => middle < y).length
}

function middlesOf(list: HTMLElement | null): number[] {
  return [...(list?.querySelectorAll('li:not(.last)') ?? [])].map((item) => {
    const box = item.getBoundingClientRect()
    return box.top + box.height / 2
  })
}
