/** One's own projects: found, opened, made, put away. */
import { Archive, ArchiveRestore, FolderPlus, Plus, Search } from 'lucide-react'
import { useCallback, useState } from 'react'
import { api, got, toldOf } from '../api/client'
import type { ShelvedProject } from '../api/types'
import { followed, go } from '../app/router'
import { TopBar } from '../app/TopBar'
import { useTell } from '../app/toasts'
import { ago } from '../ui/time'
import { useAsked } from '../ui/useAsked'
import { NewProjectDialog } from './NewProjectDialog'

type Shelf = 'active' | 'archived'

export function ProjectsPage() {
  const [shelf, setShelf] = useState<Shelf>('active')
  const [wanted, setWanted] = useState('')
  const [making, setMaking] = useState(false)
  const ask = useCallback(() => list(shelf, wanted), [shelf, wanted])
  const { value: projects, told, again } = useAsked(ask)
  return (
    <>
      <TopBar />
      <main className="projects">
        <div className="projects-head">
          <h1>Projects</h1>
          <button type="button" className="button primary" onClick={() => setMaking(true)}>
            <Plus size={16} aria-hidden /> New project
          </button>
        </div>
        <div className="projects-tools">
          <label className="search">
            <Search size={16} aria-hidden />
            <span className="visually-hidden">Search projects</span>
            <input
              className="input"
              type="search"
              placeholder="Search by title"
              value={wanted}
              onChange={(event) => setWanted(event.target.value)}
            />
          </label>
          <fieldset className="tabs bare">
            <legend className="visually-hidden">Which projects</legend>
            {(['active', 'archived'] as const).map((one) => (
              <button
                type="button"
                key={one}
                className="tab"
                aria-pressed={shelf === one}
                onClick={() => setShelf(one)}
              >
                {one === 'active' ? 'Active' : 'Archived'}
              </button>
            ))}
          </fieldset>
        </div>
        {told !== null && (
          <p className="told" role="alert">
            {told}
          </p>
        )}
        {projects?.length === 0 && (
          <Nothing shelf={shelf} wanted={wanted} onMake={() => setMaking(true)} />
        )}
        <ul className="cards">
          {projects?.map((one) => (
            <Card key={one.id} project={one} onMoved={again} />
          ))}
        </ul>
      </main>
      {making && <NewProjectDialog onClose={() => setMaking(false)} onMade={go} />}
    </>
  )
}

async function list(shelf: Shelf, wanted: string): Promise<ShelvedProject[]> {
  const query = { state: shelf, limit: 100, search: wanted.trim() }
  const page = await got(api.GET('/projects', { params: { query } }))
  return page.items
}

function Nothing({ shelf, wanted, onMake }: { shelf: Shelf; wanted: string; onMake: () => void }) {
  if (wanted !== '') return <p className="empty">No title contains “{wanted}”.</p>
  if (shelf === 'archived') return <p className="empty">Nothing is archived.</p>
  return (
    <div className="empty">
      <FolderPlus size={40} strokeWidth={1.4} aria-hidden />
      <h2>Your first project</h2>
      <p>A project is a board, a plan and diagrams that you and others edit together, live.</p>
      <button type="button" className="button primary" onClick={onMake}>
        New project
      </button>
    </div>
  )
}

function Card({ project, onMoved }: { project: ShelvedProject; onMoved: () => void }) {
  const tell = useTell()
  const isArchived = project.archived_at !== null
  async function move(): Promise<void> {
    const params = { path: { project_id: project.id } }
    if (isArchived) await got(api.POST('/projects/{project_id}/unarchive', { params }))
    else await got(api.POST('/projects/{project_id}/archive', { params }))
    tell(`“${project.title}” is ${isArchived ? 'active again' : 'archived'}.`)
    onMoved()
  }
  return (
    <li className="card">
      <a className="card-link" href={`/projects/${project.id}`} onClick={followed}>
        <h2>{project.title}</h2>
        <p className="quiet small card-text">{project.description || 'No description yet'}</p>
      </a>
      <div className="row card-foot">
        <span className="badge">{project.role}</span>
        <span className="quiet small grow">
          {project.opened_at
            ? `Opened ${ago(project.opened_at)}`
            : `Made ${ago(project.created_at)}`}
        </span>
        {project.role === 'owner' && (
          <button
            type="button"
            className="button plain icon"
            aria-label={`${isArchived ? 'Unarchive' : 'Archive'} ${project.title}`}
            title={isArchived ? 'Unarchive' : 'Archive'}
            onClick={() => move().catch((error: unknown) => tell(toldOf(error)))}
          >
            {isArchived ? (
              <ArchiveRestore size={16} aria-hidden />
            ) : (
              <Archive size={16} aria-hidden />
            )}
          </button>
        )}
      </div>
    </li>
  )
}
