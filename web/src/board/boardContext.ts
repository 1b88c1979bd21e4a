/** What cards ask of the board that they are on. */
import { createContext, use } from 'react'
import type { BoardModel } from './BoardModel'

interface BoardContextValue {
  model: BoardModel
  /** The node whose label is being typed. */
  editing: string | null
  edit: (id: string | null) => void
  /** Too far away to read anything. */
  isFar: boolean
}

export const BoardContext = createContext<BoardContextValue | null>(null)

export function useBoard(): BoardContextValue {
  const board = use(BoardContext)
  if (board === null) throw new Error('useBoard needs a board')
  return board
}
