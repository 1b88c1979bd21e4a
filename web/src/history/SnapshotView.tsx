/** One snapshot: what has changed since, in colour; bringing back all of it or one element. */
import { RotateCcw } from 'lucide-react'
import { useCallback, useState } from 'react'
import { api, got, toldOf } from '../api/client'
import type { ElementDifference, Snapshot } from '../api/types'
import { useTell } from '../app/toasts'
import { useOpen } from '../live/useLive'
import { Dialog } from '../ui/Dialog'
import { ago, onThe } from '../ui/time'
import { useAsked } from '../ui/useAsked'
import { Differences } from './Differences'
import { nameOf } from './snapshots'
import { useEdits } from './useEdits'

interface Props {
  snapshot: Snapshot
  onChanged: () => void
}

export function SnapshotView({ snapshot, onChanged }: Props) {
  const { live, canWrite } = useOpen()
  const tell = useTell()
  const [asking, setAsking] = useState(false)
  const { id } = snapshot
  const ask = useCallback(() => {
    const params = { path: { project_id: live.id, snapshot_id: id } }
    return got(api.GET('/projects/{project_id}/snapshots/{snapshot_id}/difference', { params }))
  }, [live, id])
  const { value, told, again } = useAsked(ask)
  useEdits(live, again)

  async function restore(element: ElementDifference | null): Promise<void> {
    setAsking(false)
    const params = { path: { project_id: live.id, snapshot_id: id } }
    const body = { element: element && { kind: element.kind, id: element.id } }
    const restored = await got(
      api.POST('/projects/{project_id}/snapshots/{snapshot_id}/restore', { params, body }),
    )
    const count = restored.elements === 1 ? '1 element is' : `${restored.elements} elements are`
    tell(`${count} as they were. What was before is kept as a snapshot.`)
    again()
    onChanged()
  }
  const attempt = (element: ElementDifference | null) =>
    void restore(element).catch((error: unknown) => tell(toldOf(error)))

  return (
    <section className="snapshot" aria-label={nameOf(snapshot)}>
      <div className="snapshot-head">
        <div className="grow">
          <h2>{nameOf(snapshot)}</h2>
          <p className="quiet small" title={onThe(snapshot.created_at)}>
            {ago(snapshot.created_at)}
            {snapshot.user_name && ` by ${snapshot.user_name}`}
            {snapshot.note && `: ${snapshot.note}`}
          </p>
        </div>
        {canWrite && value !== null && value.items.length > 0 && (
          <button type="button" className="button primary" onClick={() => setAsking(true)}>
            <RotateCcw size={15} aria-hidden /> Restore all
          </button>
        )}
      </div>
      {told !== null && (
        <p className="told" role="alert">
          {told}
        </p>
      )}
      {value?.items.length === 0 && <p className="empty">Nothing has changed since.</p>}
      {value !== null && value.items.length > 0 && <h3 className="quiet">Since then</h3>}
      <Differences items={value?.items ?? []} onRestore={canWrite ? attempt : null} />
      {asking && (
        <Dialog title="Restore everything?" onClose={() => setAsking(false)}>
          <div className="form">
            <p>
              The project becomes as it was at “{nameOf(snapshot)}”, for everybody. What people type
              meanwhile stays, and the project as it is now is kept as a snapshot.
            </p>
            <div className="row end">
              <button type="button" className="button" onClick={() => setAsking(false)}>
                Cancel
              </button>
              <button type="button" className="button primary" onClick={() => attempt(null)}>
                Restore
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </section>
  )
}
