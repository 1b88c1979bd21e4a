/** The open project, for all views inside it. */
import { createContext, use, useSyncExternalStore } from 'react'
import type { Role } from '../api/types'
import type { LiveProject } from './LiveProject'
import type { Colleague } from './presence'
import type { Status } from './status'

export interface Open {
  live: LiveProject
  role: Role
  /** Whether this person may change anything. */
  canWrite: boolean
  /** Shows the agent's panel, ready for a question. */
  askAgent: () => void
}

export const OpenContext = createContext<Open | null>(null)

export function useOpen(): Open {
  const open = use(OpenContext)
  if (open === null) throw new Error('useOpen needs an open project')
  return open
}

export function useStatus(live: LiveProject): Status {
  return useSyncExternalStore(live.connection.subscribe, live.connection.status)
}

export function useColleagues(live: LiveProject): readonly Colleague[] {
  return useSyncExternalStore(live.presence.subscribe, live.presence.colleagues)
}
