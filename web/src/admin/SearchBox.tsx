/** Looking for something in a list. */
import { Search } from 'lucide-react'

interface Props {
  label: string
  value: string
  onWanted: (text: string) => void
}

export function SearchBox({ label, value, onWanted }: Props) {
  return (
    <label className="search">
      <Search size={16} aria-hidden />
      <span className="visually-hidden">{label}</span>
      <input
        className="input"
        type="search"
        placeholder={label}
        value={value}
        onChange={(event) => onWanted(event.target.value)}
      />
    </label>
  )
}
