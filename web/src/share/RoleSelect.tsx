/** Choosing a role. */
import type { Role } from '../api/types'

const ROLES: Record<Role, string> = { viewer: 'Viewer', editor: 'Editor', owner: 'Owner' }

interface Props {
  label: string
  value: Role
  onChange: (role: Role) => void
  isBare?: boolean
}

export function RoleSelect({ label, value, onChange, isBare }: Props) {
  return (
    <label className="field role-select">
      <span className={isBare ? 'visually-hidden' : ''}>{label}</span>
      <select
        className="input"
        value={value}
        onChange={(event) => onChange(event.target.value as Role)}
      >
        {Object.entries(ROLES).map(([role, name]) => (
          <option key={role} value={role}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}
