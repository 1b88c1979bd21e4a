/** Makes a text say something else by changing only the middle in which both differ. */
import type * as Y from 'yjs'

export function replaceText(text: Y.Text, wanted: string): void {
  const now = text.toString()
  const start = sameStart(now, wanted)
  const end = sameEnd(now, wanted, Math.min(now.length, wanted.length) - start)
  const gone = now.length - start - end
  if (gone > 0) text.delete(start, gone)
  const added = wanted.slice(start, wanted.length - end)
  if (added !== '') text.insert(start, added)
}

function sameStart(one: string, other: string): number {
  let length = 0
  while (length < one.length && one[length] === other[length]) length += 1
  return isInsidePair(one, length) || isInsidePair(other, length) ? length - 1 : length
}

function sameEnd(one: string, other: string, most: number): number {
  let length = 0
  while (length < most && one[one.length - 1 - length] === other[other.length - 1 - length])
    length += 1
  const parts = isInsidePair(one, one.length - length) || isInsidePair(other, other.length - length)
  return parts ? length - 1 : length
}

/** Whether a cut before `index` would part a surrogate pair. */
function isInsidePair(text: string, index: number): boolean {
  const [before, after] = [text.charCodeAt(index - 1), text.charCodeAt(index)]
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000
}
