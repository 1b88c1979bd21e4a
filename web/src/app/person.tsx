/** Who is logged in, for all views. */
import {
  createContext,
  type ReactNode,
  use,
  useCallback,
  useEffect,
  useMemo,
  useState,
} from 'react'
import { api, done, got, Problem, toldOf } from '../api/client'
import type { Profile } from '../api/types'
import { forgetProjects } from '../live/kept'
import { go } from './router'

/** Everything that asks who is there waits for `known`. */
export type Standing =
  | { state: 'asking' }
  | { state: 'nobody' }
  | { state: 'known'; person: Profile }
  | { state: 'unreachable'; told: string }

interface Door {
  standing: Standing
  /** Ask the server again who this is. */
  refresh: () => Promise<void>
  leave: () => Promise<void>
}

const PersonContext = createContext<Door | null>(null)
const KEY = 'studio:person'

export function PersonProvider({ children }: { children: ReactNode }) {
  const [standing, setStanding] = useState<Standing>({ state: 'asking' })
  const refresh = useCallback(async () => setStanding(await ask()), [])
  const leave = useCallback(async () => {
    await done(api.POST('/auth/logout'))
    localStorage.removeItem(KEY)
    setStanding({ state: 'nobody' })
    go('/login')
    await forgetProjects()
  }, [])
  useEffect(() => void refresh(), [refresh])
  const door = useMemo(() => ({ standing, refresh, leave }), [standing, refresh, leave])
  return <PersonContext value={door}>{children}</PersonContext>
}

export function useDoor(): Door {
  const door = use(PersonContext)
  if (door === null) throw new Error('useDoor needs a PersonProvider')
  return door
}

/** Who is logged in; only for views that are shown to nobody else. */
export function usePerson(): Profile {
  const { standing } = useDoor()
  if (standing.state !== 'known') throw new Error('this view needs somebody logged in')
  return standing.person
}

/** Without a connection, whoever was here last is let back in to what this browser holds. */
async function ask(): Promise<Standing> {
  try {
    const person = await got(api.GET('/users/me'))
    localStorage.setItem(KEY, JSON.stringify(person))
    return { state: 'known', person }
  } catch (error) {
    if (error instanceof Problem && error.status === 401) {
      localStorage.removeItem(KEY)
      return { state: 'nobody' }
    }
    const last = localStorage.getItem(KEY)
    if (last !== null) return { state: 'known', person: JSON.parse(last) as Profile }
    return { state: 'unreachable', told: toldOf(error) }
  }
}
