/** How many words a text has, in any script. */
const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' })

export function countWords(text: string): number {
  let count = 0
  for (const { isWordLike } of segmenter.segment(text)) if (isWordLike) count += 1
  return count
}

export function saidWords(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'word' : 'words'}`
}
