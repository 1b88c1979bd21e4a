/** Accounts: found, made, disabled, given or denied the server, signed out. */
import { LogOut, Shield, ShieldOff, UserCheck, UserPlus, UserX } from 'lucide-react'
import { useCallback, useState } from 'react'
import { api, done, got, toldOf } from '../api/client'
import type { UserFile, UserShelf } from '../api/types'
import { usePerson } from '../app/person'
import { useTell } from '../app/toasts'
import { ago } from '../ui/time'
import { usePages } from '../ui/usePages'
import { NewUserDialog } from './NewUserDialog'
import { SearchBox } from './SearchBox'
import { Table } from './Table'

const SHELVES: [UserShelf, string][] = [
  ['all', 'All'],
  ['admins', 'Admins'],
  ['disabled', 'Disabled'],
]
const COLUMNS = ['Name', 'Address', 'Standing', 'Projects', 'Since', 'Actions']

export function Users() {
  const [wanted, setWanted] = useState('')
  const [state, setState] = useState<UserShelf>('all')
  const [making, setMaking] = useState(false)
  const ask = useCallback(
    (cursor: string | null) => {
      const query = { search: wanted.trim(), state, limit: 50, cursor }
      return got(api.GET('/admin/users', { params: { query } }))
    },
    [wanted, state],
  )
  const { items, told, more, again } = usePages(ask)
  return (
    <section aria-label="Users">
      <div className="projects-tools">
        <SearchBox label="Search by name or address" value={wanted} onWanted={setWanted} />
        <fieldset className="tabs bare">
          <legend className="visually-hidden">Which users</legend>
          {SHELVES.map(([one, name]) => (
            <button
              type="button"
              key={one}
              className="tab"
              aria-pressed={state === one}
              onClick={() => setState(one)}
            >
              {name}
            </button>
          ))}
        </fieldset>
        <button type="button" className="button primary" onClick={() => setMaking(true)}>
          <UserPlus size={16} aria-hidden /> New user
        </button>
      </div>
      {told !== null && (
        <p className="told" role="alert">
          {told}
        </p>
      )}
      {items?.length === 0 && <p className="empty">Nobody is like that.</p>}
      {items && items.length > 0 && (
        <Table name="Users" columns={COLUMNS}>
          {items.map((one) => (
            <Row key={one.id} user={one} onChanged={again} />
          ))}
        </Table>
      )}
      {more && (
        <button type="button" className="button" onClick={more}>
          More
        </button>
      )}
      {making && <NewUserDialog onClose={() => setMaking(false)} onMade={again} />}
    </section>
  )
}

function Row({ user, onChanged }: { user: UserFile; onChanged: () => void }) {
  return (
    <tr>
      <th scope="row">{user.name || 'No name'}</th>
      <td>{user.email}</td>
      <td>
        {user.is_admin && <span className="badge">admin</span>}{' '}
        {user.disabled && <span className="badge change-removed">disabled</span>}{' '}
        {user.has_second_factor && <span className="badge">two factors</span>}
      </td>
      <td>{user.projects}</td>
      <td>{ago(user.created_at)}</td>
      <td>
        <Actions user={user} onChanged={onChanged} />
      </td>
    </tr>
  )
}

/** Not for oneself: nobody locks themselves out by a slip. */
function Actions({ user, onChanged }: { user: UserFile; onChanged: () => void }) {
  const me = usePerson()
  const tell = useTell()
  if (me.id === user.id) return <span className="quiet small">you</span>
  const { email } = user
  const params = { path: { user_id: user.id } }
  async function change(body: { disabled: boolean } | { is_admin: boolean }): Promise<void> {
    await got(api.PATCH('/admin/users/{user_id}', { params, body }))
    onChanged()
  }
  async function signOut(): Promise<void> {
    await done(api.POST('/admin/users/{user_id}/sign-out', { params }))
    tell(`${email} is signed out everywhere.`)
    onChanged()
  }
  const attempt = (act: Promise<void>) => void act.catch((error: unknown) => tell(toldOf(error)))
  return (
    <span className="row">
      <Act
        name={user.is_admin ? `Make ${email} no admin` : `Make ${email} an admin`}
        Icon={user.is_admin ? ShieldOff : Shield}
        act={() => attempt(change({ is_admin: !user.is_admin }))}
      />
      <Act
        name={user.disabled ? `Enable ${email}` : `Disable ${email}`}
        Icon={user.disabled ? UserCheck : UserX}
        act={() => attempt(change({ disabled: !user.disabled }))}
      />
      <Act name={`Sign ${email} out`} Icon={LogOut} act={() => attempt(signOut())} />
    </span>
  )
}

function Act({ name, Icon, act }: { name: string; Icon: typeof Shield; act: () => void }) {
  return (
    <button
      type="button"
      className="button plain icon small-icon"
      aria-label={name}
      title={name}
      onClick={act}
    >
      <Icon size={15} aria-hidden />
    </button>
  )
}
