/** All projects: whose they are, how large, and out of the way or back. */
import { Trash2, Undo2 } from 'lucide-react'
import { useCallback, useState } from 'react'
import { api, done, got, toldOf } from '../api/client'
import type { ProjectFile } from '../api/types'
import { useTell } from '../app/toasts'
import { Dialog } from '../ui/Dialog'
import { bytesOf } from '../ui/sizes'
import { ago } from '../ui/time'
import { usePages } from '../ui/usePages'
import { SearchBox } from './SearchBox'
import { Table } from './Table'

const COLUMNS = ['Title', 'Owners', 'Members', 'Size', 'Made', 'State', 'Actions']

export function ProjectFiles() {
  const [wanted, setWanted] = useState('')
  const ask = useCallback(
    (cursor: string | null) => {
      const query = { search: wanted.trim(), limit: 50, cursor }
      return got(api.GET('/admin/projects', { params: { query } }))
    },
    [wanted],
  )
  const { items, told, more, again } = usePages(ask)
  return (
    <section aria-label="Projects">
      <div className="projects-tools">
        <SearchBox label="Search by title" value={wanted} onWanted={setWanted} />
      </div>
      {told !== null && (
        <p className="told" role="alert">
          {told}
        </p>
      )}
      {items?.length === 0 && <p className="empty">There is no such project.</p>}
      {items && items.length > 0 && (
        <Table name="Projects" columns={COLUMNS}>
          {items.map((one) => (
            <Row key={one.id} project={one} onChanged={again} />
          ))}
        </Table>
      )}
      {more && (
        <button type="button" className="button" onClick={more}>
          More
        </button>
      )}
    </section>
  )
}

function Row({ project, onChanged }: { project: ProjectFile; onChanged: () => void }) {
  return (
    <tr>
      <th scope="row">{project.title}</th>
      <td>{project.owners.join(', ')}</td>
      <td>{project.members}</td>
      <td>{bytesOf(project.stored_bytes)}</td>
      <td>{ago(project.created_at)}</td>
      <td>
        <span className="badge">{stateOf(project)}</span>
      </td>
      <td>
        <Act project={project} onChanged={onChanged} />
      </td>
    </tr>
  )
}

function stateOf({ deleted_at, archived_at }: ProjectFile): string {
  if (deleted_at !== null) return `deleted ${ago(deleted_at)}`
  return archived_at === null ? 'active' : 'archived'
}

function Act({ project, onChanged }: { project: ProjectFile; onChanged: () => void }) {
  const tell = useTell()
  const [asking, setAsking] = useState(false)
  const params = { path: { project_id: project.id } }
  const isDeleted = project.deleted_at !== null
  async function move(): Promise<void> {
    setAsking(false)
    if (isDeleted) await got(api.POST('/admin/projects/{project_id}/undelete', { params }))
    else await done(api.DELETE('/admin/projects/{project_id}', { params }))
    tell(`“${project.title}” is ${isDeleted ? 'back' : 'deleted'}.`)
    onChanged()
  }
  const attempt = () => void move().catch((error: unknown) => tell(toldOf(error)))
  const name = `${isDeleted ? 'Bring back' : 'Delete'} ${project.title}`
  const Icon = isDeleted ? Undo2 : Trash2
  return (
    <>
      <button
        type="button"
        className="button plain icon small-icon"
        aria-label={name}
        title={name}
        onClick={isDeleted ? attempt : () => setAsking(true)}
      >
        <Icon size={15} aria-hidden />
      </button>
      {asking && (
        <Dialog title="Delete this project?" onClose={() => setAsking(false)}>
          <div className="form">
            <p>
              “{project.title}” goes from all its members. It can be brought back here until it is
              purged.
            </p>
            <div className="row end">
              <button type="button" className="button" onClick={() => setAsking(false)}>
                Cancel
              </button>
              <button type="button" className="button danger" onClick={attempt}>
                Delete
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  )
}
