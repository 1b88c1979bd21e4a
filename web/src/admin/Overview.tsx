/** How the server is: whether it can save, what it does, what it stores. */
import { CircleCheck, OctagonAlert } from 'lucide-react'
import { api, got } from '../api/client'
import type { ServerStanding } from '../api/types'
import { bytesOf, numberOf, secondsOf } from '../ui/sizes'
import { useWatched } from './useWatched'

const ask = () => got(api.GET('/admin/server'))

export function Overview() {
  const { value, told } = useWatched(ask)
  return (
    <section aria-label="Server">
      {told !== null && (
        <p className="told" role="alert">
          {told}
        </p>
      )}
      {value && <Health server={value} />}
      {value && <Figures server={value} />}
    </section>
  )
}

function Health({ server: { problem, version } }: { server: ServerStanding }) {
  const Sign = problem === null ? CircleCheck : OctagonAlert
  return (
    <p className={`health told${problem === null ? ' good' : ''}`} role="status">
      <Sign size={18} aria-hidden />
      <strong>{problem === null ? 'Everything is saved.' : 'Edits cannot be saved now.'}</strong>
      <span className="grow">{problem}</span>
      <span>8gentc {version}</span>
    </p>
  )
}

function Figures({ server }: { server: ServerStanding }) {
  const { work, storage } = server
  return (
    <div className="figure-groups">
      <Group
        title="Now"
        figures={[
          ['Live projects', numberOf(server.rooms)],
          ['Connections', numberOf(server.connections)],
          ['Oldest edit not committed', secondsOf(server.oldest_uncommitted_seconds)],
          ['Oldest edit not in lists', secondsOf(server.oldest_unprojected_seconds)],
          ['Waiting for the slowest connection', bytesOf(server.slowest_backlog_bytes)],
        ]}
      />
      <Group
        title="Since the start"
        figures={[
          ['Edits', numberOf(work.edits)],
          ['Commits', numberOf(work.commits)],
          ['Failed commits', numberOf(work.commit_failures)],
          ['Refused writes', numberOf(work.refused_writes)],
          ['Slow connections caught up', numberOf(work.catch_ups)],
          ['Failed rooms', numberOf(work.failed_rooms)],
          ['Compactions', numberOf(work.compactions)],
        ]}
      />
      <Group
        title="Stored"
        figures={[
          ['Users', numberOf(storage.users)],
          ['Projects', numberOf(storage.projects)],
          ['Deleted projects', numberOf(storage.deleted_projects)],
          ['All documents', bytesOf(storage.document_bytes)],
          ['Database', bytesOf(storage.database_bytes)],
        ]}
      />
    </div>
  )
}

function Group({ title, figures }: { title: string; figures: [string, string][] }) {
  return (
    <section className="figures" aria-label={title}>
      <h2>{title}</h2>
      <dl>
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
