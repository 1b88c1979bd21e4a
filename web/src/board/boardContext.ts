/** What cards ask of the board that they are on. */
import { createContext, use } from 'react'

interface BoardContextValue {
  /** The node whose label is being typed. */
  editing: string | null
  edit: (id: string | null) => void
}

export const BoardContext = createContext<BoardContextValue>({ editing: null, edit: () => {} })

export function useBoard(): BoardContextValue {
  return use(BoardContext)
}
