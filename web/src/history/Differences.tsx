/** What became of a project between two of its states, element by element. */
import type { ElementDifference } from '../api/types'
import { Difference } from './Difference'

interface Props {
  items: readonly ElementDifference[]
  onRestore: ((element: ElementDifference) => void) | null
}

export function Differences({ items, onRestore }: Props) {
  return (
    <ul className="differences">
      {items.map((one) => (
        <li key={`${one.kind} ${one.id}`}>
          <Difference difference={one} onRestore={onRestore && (() => onRestore(one))} />
        </li>
      ))}
    </ul>
  )
}
