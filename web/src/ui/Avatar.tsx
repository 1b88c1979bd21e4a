/** A person as two letters in their colour. */
import { colourOf, initialsOf } from './people'

export function Avatar({ id, name }: { id: string; name: string }) {
  return (
    <span
      className="avatar"
      style={{ '--who': colourOf(id) }}
      title={name}
      role="img"
      aria-label={name}
    >
      {initialsOf(name)}
    </span>
  )
}
