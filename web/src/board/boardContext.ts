/** What cards ask of the board that they are on. */
import { createContext, use } from 'react'

interface BoardContextValue {
  /** The node whose label is being typed. */
  editing: string | null
  edit: (id: string | null) => void
  /** Too far away to read anything. */
  isFar: boolean
}

export const BoardContext = createContext<BoardContextValue>({
  editing: null,
  edit: () => {},
  isFar: false,
})

export function useBoard(): BoardContextValue {
  return use(BoardContext)
}
