/** A modal dialog: the browser's own, which keeps the focus inside and closes on Escape. */
import { X } from 'lucide-react'
import { type ReactNode, useId, useLayoutEffect, useRef } from 'react'

interface Props {
  title: string
  onClose: () => void
  children: ReactNode
}

const FIRST = '.dialog-body :is(input, select, textarea, button)'

export function Dialog({ title, onClose, children }: Props) {
  const element = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useLayoutEffect(() => {
    const shown = element.current
    shown?.showModal()
    // The browser would begin at the close button, which is the first in the page.
    shown?.querySelector<HTMLElement>(FIRST)?.focus()
    // Before it leaves the page, or the focus would not go back to where it came from.
    return () => shown?.close()
  }, [])
  return (
    <dialog className="dialog" ref={element} aria-labelledby={heading} onClose={onClose}>
      <div className="dialog-head">
        <h2 id={heading}>{title}</h2>
        <button type="button" className="button plain icon" aria-label="Close" onClick={onClose}>
          <X size={18} aria-hidden />
        </button>
      </div>
      <div className="dialog-body">{children}</div>
    </dialog>
  )
}
