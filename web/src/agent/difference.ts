/** What a proposal would change, in words: what stays, what comes, what goes. */
import { diffWordsWithSpace } from 'diff'

export interface Piece {
  change: 'same' | 'insert' | 'delete'
  text: string
}

/** Of what stays between two changes, this much on either side is shown. */
const AROUND = 100
/** Beyond this, words are not compared but one text is put in the other's place. */
const MOST_COMPARED_MS = 80

export function differenceOf(how: 'append' | 'replace', base: string, text: string): Piece[] {
  if (how === 'append') return [{ change: 'insert', text }]
  const found = diffWordsWithSpace(base, text, { timeout: MOST_COMPARED_MS })
  if (found === undefined) return whole(base, text)
  return found.map((one) => ({
    change: one.added ? 'insert' : one.removed ? 'delete' : 'same',
    text: one.added || one.removed ? one.value : shortened(one.value),
  }))
}

function whole(base: string, text: string): Piece[] {
  return [
    { change: 'delete', text: base },
    { change: 'insert', text },
  ]
}

function shortened(text: string): string {
  return text.length > 2 * AROUND + 20 ? `${text.slice(0, AROUND)} … ${text.slice(-AROUND)}` : text
}
