/** The documents that are open now: who is there, how large, how far behind. */
import { api, got } from '../api/client'
import type { LiveRoom } from '../api/types'
import { Avatar } from '../ui/Avatar'
import { bytesOf, secondsOf } from '../ui/sizes'
import { Table } from './Table'
import { useWatched } from './useWatched'

const ask = () => got(api.GET('/admin/rooms', { params: { query: { limit: 100 } } }))
const COLUMNS = ['Project', 'People', 'Size', 'Slowest connection', 'Oldest uncommitted edit']

export function Rooms() {
  const { value, told } = useWatched(ask)
  return (
    <section aria-label="Live projects">
      {told !== null && (
        <p className="told" role="alert">
          {told}
        </p>
      )}
      {value?.items.length === 0 && <p className="empty">No project is open at the moment.</p>}
      {value && value.items.length > 0 && (
        <Table name="Live projects" columns={COLUMNS}>
          {value.items.map((room) => (
            <Row key={room.project_id} room={room} />
          ))}
        </Table>
      )}
      {value && value.total > value.items.length && (
        <p className="quiet small">
          {value.items.length} of {value.total} are shown.
        </p>
      )}
    </section>
  )
}

function Row({ room }: { room: LiveRoom }) {
  return (
    <tr>
      <th scope="row">{room.title ?? room.project_id}</th>
      <td>
        <span className="avatars">
          {room.people.map((one, index) => (
            <Avatar
              // biome-ignore lint/suspicious/noArrayIndexKey: the same person may be here twice
              key={index}
              id={one.user_id}
              name={`${one.name || one.email || 'Somebody'}, ${one.role}`}
            />
          ))}
        </span>
      </td>
      <td>{bytesOf(room.stored_bytes)}</td>
      <td>{room.backlog_bytes === 0 ? 'abreast' : `${bytesOf(room.backlog_bytes)} behind`}</td>
      <td>{secondsOf(room.oldest_uncommitted_seconds)}</td>
    </tr>
  )
}
