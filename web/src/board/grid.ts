/** What cards snap to. */
export const GRID = 8
