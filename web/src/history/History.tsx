/** The past of a project: who did what, snapshots, what became of them since, and the way back. */
import '../styles/history.css'
import { Camera, History as HistoryIcon } from 'lucide-react'
import { useCallback, useState } from 'react'
import { api, got } from '../api/client'
import type { Activity } from '../api/types'
import { useOpen } from '../live/useLive'
import { type ProjectEvent, useProjectEvents } from '../live/useProjectEvents'
import { Told, useForm } from '../ui/form'
import { ago, onThe } from '../ui/time'
import { useAsked } from '../ui/useAsked'
import { Activities, ActivityView } from './Activities'
import { SnapshotView } from './SnapshotView'
import { nameOf } from './snapshots'

const NEWS: readonly ProjectEvent[] = ['snapshot-taken', 'snapshot-removed', 'restored']

export default function History() {
  const { live, canWrite } = useOpen()
  const [wanted, setWanted] = useState<string | null>(null)
  const [activity, setActivity] = useState<Activity | null>(null)
  const ask = useCallback(
    () =>
      got(
        api.GET('/projects/{project_id}/snapshots', { params: { path: { project_id: live.id } } }),
      ),
    [live],
  )
  const { value: snapshots, told, again } = useAsked(ask)
  useProjectEvents(NEWS, again)
  const all = snapshots?.items ?? []
  const open = all.find((one) => one.id === wanted) ?? all[0]
  return (
    <div className="history">
      <aside className="history-side">
        {canWrite && <TakeSnapshot onTaken={again} />}
        {told !== null && (
          <p className="told" role="alert">
            {told}
          </p>
        )}
        <nav aria-label="Snapshots">
          {all.length > 0 && <h2 className="history-heading">Snapshots</h2>}
          <ol>
            {all.map((one) => (
              <li key={one.id}>
                <button
                  type="button"
                  className="moment"
                  aria-current={one === open && !activity ? 'true' : undefined}
                  title={onThe(one.created_at)}
                  onClick={() => {
                    setWanted(one.id)
                    setActivity(null)
                  }}
                >
                  <strong>{nameOf(one)}</strong>
                  <span className="quiet small">
                    {ago(one.created_at)}
                    {one.user_name && `, ${one.user_name}`}
                  </span>
                </button>
              </li>
            ))}
          </ol>
        </nav>
        <Activities open={activity} onOpen={setActivity} />
      </aside>
      {activity ? (
        <ActivityView key={activity.first_seq} activity={activity} />
      ) : open ? (
        <SnapshotView
          key={open.id}
          snapshot={open}
          onChanged={() => {
            setWanted(open.id) // A restore keeps a newer one; who restores goes on looking at this.
            again()
          }}
        />
      ) : (
        snapshots && <Nothing />
      )}
    </div>
  )
}

function TakeSnapshot({ onTaken }: { onTaken: () => void }) {
  const { live } = useOpen()
  const form = useForm(async (given, tell) => {
    const body = { name: given('name'), note: '' }
    const params = { path: { project_id: live.id } }
    await got(api.POST('/projects/{project_id}/snapshots', { params, body }))
    tell('Taken.')
    onTaken()
  })
  return (
    <form className="form" onSubmit={form.submit}>
      <div className="row">
        <label className="grow">
          <span className="visually-hidden">Name of the snapshot</span>
          <input
            className="input"
            name="name"
            placeholder="Name this moment"
            maxLength={100}
            required
          />
        </label>
        <button type="submit" className="button primary" disabled={form.busy}>
          <Camera size={15} aria-hidden /> Keep
        </button>
      </div>
      <Told form={form} />
    </form>
  )
}

function Nothing() {
  return (
    <div className="empty">
      <HistoryIcon size={40} strokeWidth={1.4} aria-hidden />
      <h2>No snapshots yet</h2>
      <p>
        Keep a moment under a name, and see later what has changed since. The server keeps one a day
        by itself.
      </p>
    </div>
  )
}
