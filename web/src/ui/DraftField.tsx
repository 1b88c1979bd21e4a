/** A one-line field of the document: written when it is left or on Enter, given back on Escape. */
import { useId, useState } from 'react'

interface Props {
  label: string
  value: string
  onKeep: (value: string) => void
  readOnly?: boolean
  /** For screen readers only. */
  isBare?: boolean
  className?: string
  placeholder?: string
}

export function DraftField({
  label,
  value,
  onKeep,
  readOnly,
  isBare,
  className,
  placeholder,
}: Props) {
  const id = useId()
  const [draft, setDraft] = useState<string | null>(null)
  function keep(): void {
    if (draft !== null && draft !== value) onKeep(draft)
    setDraft(null)
  }
  return (
    <div className={isBare ? '' : 'field'}>
      <label htmlFor={id} className={isBare ? 'visually-hidden' : ''}>
        {label}
      </label>
      <input
        id={id}
        className={className ?? 'input'}
        value={draft ?? value}
        maxLength={300}
        readOnly={readOnly}
        placeholder={placeholder}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={keep}
        onKeyDown={(event) => {
          if (event.key === 'Enter') event.currentTarget.blur()
          if (event.key === 'Escape') setDraft(null)
        }}
      />
    </div>
  )
}
