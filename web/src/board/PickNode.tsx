/** Choosing a node by typing part of its label: to go to it, or to connect to it. */
import { useState } from 'react'
import { useElements } from '../document/useElements'
import { useOpen } from '../live/useLive'
import { Dialog } from '../ui/Dialog'
import { kindOf } from './kinds'

const MOST = 50

interface Props {
  title: string
  /** Not offered. */
  except?: string | undefined
  onPick: (id: string) => void
  onClose: () => void
}

export function PickNode({ title, except, onPick, onClose }: Props) {
  const { live } = useOpen()
  const [wanted, setWanted] = useState('')
  const words = wanted.toLowerCase()
  const found = useElements(live.nodes)
    .filter((node) => node.id !== except && node.label.toLowerCase().includes(words))
    .slice(0, MOST)
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (found[0]) onPick(found[0].id)
        }}
      >
        <label className="field">
          Part of its label
          <input
            className="input"
            value={wanted}
            autoFocus
            onChange={(event) => setWanted(event.target.value)}
          />
        </label>
        <ul className="picks" aria-label="Nodes">
          {found.map((node) => {
            const kind = kindOf(node.kind)
            return (
              <li key={node.id}>
                <button type="button" className="pick" onClick={() => onPick(node.id)}>
                  <kind.Icon size={15} color={kind.colour} aria-hidden />
                  {node.label || 'Untitled'}
                </button>
              </li>
            )
          })}
        </ul>
        {found.length === 0 && <p className="quiet">No node is called so.</p>}
      </form>
    </Dialog>
  )
}
