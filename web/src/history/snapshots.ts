/** What people call a snapshot. */
import type { Snapshot } from '../api/types'

const OCCASIONS: Record<Snapshot['occasion'], string> = {
  named: 'Snapshot',
  daily: 'Daily snapshot',
  'before-restore': 'Before a restore',
  'before-run': 'Before an agent’s run',
  'before-import': 'Before an import',
}

export function nameOf(snapshot: Snapshot): string {
  return snapshot.name ?? OCCASIONS[snapshot.occasion]
}
