/** The board by keyboard. Keys that are typed into a field are never ours. */
import { useReactFlow } from '@xyflow/react'
import { type KeyboardEvent, useEffect } from 'react'
import { useOpen } from '../live/useLive'
import type { BoardModel } from './BoardModel'
import { asText, CLIPPING, unclip } from './clipping'
import type { BoardActions } from './useBoardActions'

export interface Openers {
  connect: () => void
  find: () => void
  help: () => void
}

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
}

type Keys = Record<string, (() => void) | undefined>

export function useBoardKeys(model: BoardModel, actions: BoardActions, open: Openers) {
  const { live, canWrite } = useOpen()
  const flow = useReactFlow()
  useClipboard(actions, canWrite)

  function writing(): Keys {
    const [first] = model.picture().selectedNodes
    const renameFirst = first === undefined ? undefined : () => actions.rename(first)
    return {
      n: () => actions.add(),
      delete: actions.remove,
      backspace: actions.remove,
      f2: renameFirst,
      e: renameFirst,
      c: open.connect,
      l: () => void actions.arrange(),
      'mod+d': actions.duplicate,
      'mod+z': () => live.undo.board.undo(),
      'mod+shift+z': () => live.undo.board.redo(),
      'mod+y': () => live.undo.board.redo(),
    }
  }

  function reading(): Keys {
    return {
      'mod+a': actions.selectAll,
      'mod+f': open.find,
      '/': open.find,
      escape: () => model.select([]),
      '0': actions.fit,
      '+': () => void flow.zoomIn({ duration: 150 }),
      '=': () => void flow.zoomIn({ duration: 150 }),
      '-': () => void flow.zoomOut({ duration: 150 }),
      '?': open.help,
    }
  }

  return (event: KeyboardEvent) => {
    if (isTyping(event.target) || event.altKey) return
    const keys = canWrite ? { ...reading(), ...writing() } : reading()
    const act = keys[nameOf(event)]
    if (!act) return
    event.preventDefault()
    act()
  }
}

function nameOf(event: KeyboardEvent): string {
  const mod = event.ctrlKey || event.metaKey
  return `${mod ? 'mod+' : ''}${mod && event.shiftKey ? 'shift+' : ''}${event.key.toLowerCase()}`
}

/** Copy, cut and paste as the browser announces them: no permission is needed for that. */
function useClipboard(actions: BoardActions, canWrite: boolean): void {
  useEffect(() => {
    function copy(event: ClipboardEvent): void {
      const clipping = actions.copied()
      const isOurs = !isTyping(document.activeElement) && !window.getSelection()?.toString()
      if (!isOurs || clipping.nodes.length === 0) return
      event.clipboardData?.setData(CLIPPING, JSON.stringify(clipping))
      event.clipboardData?.setData('text/plain', asText(clipping))
      event.preventDefault()
      if (event.type === 'cut' && canWrite) actions.remove()
    }
    function paste(event: ClipboardEvent): void {
      if (isTyping(document.activeElement) || !canWrite) return
      const data = event.clipboardData
      const found = unclip(data?.getData(CLIPPING) ?? '', data?.getData('text/plain') ?? '')
      if (found) actions.paste(found)
    }
    document.addEventListener('copy', copy)
    document.addEventListener('cut', copy)
    document.addEventListener('paste', paste)
    return () => {
      document.removeEventListener('copy', copy)
      document.removeEventListener('cut', copy)
      document.removeEventListener('paste', paste)
    }
  }, [actions, canWrite])
}
