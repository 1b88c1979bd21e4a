/** Whether there is something of one's own to undo or redo. */
import { useEffect, useState } from 'react'
import type * as Y from 'yjs'

export function useCanUndo(manager: Y.UndoManager): { canUndo: boolean; canRedo: boolean } {
  const [can, setCan] = useState(() => look(manager))
  useEffect(() => {
    const update = () => setCan(look(manager))
    const events = ['stack-item-added', 'stack-item-popped', 'stack-cleared'] as const
    for (const event of events) manager.on(event, update)
    update()
    return () => {
      for (const event of events) manager.off(event, update)
    }
  }, [manager])
  return can
}

function look(manager: Y.UndoManager): { canUndo: boolean; canRedo: boolean } {
  return { canUndo: manager.canUndo(), canRedo: manager.canRedo() }
}
