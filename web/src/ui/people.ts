/** How people are told apart: a colour and two letters, the same for everybody who looks. */

/** Each is dark enough for white text, and light enough to be seen on dark ground. */
const COLOURS = [
  '#0f766e',
  '#7c3aed',
  '#b45309',
  '#be185d',
  '#0369a1',
  '#4d7c0f',
  '#c2410c',
  '#4338ca',
]

/** The colour of a user, from their id. */
export function colourOf(id: string): string {
  let sum = 0
  for (const char of id) sum = (sum * 31 + char.charCodeAt(0)) >>> 0
  return COLOURS[sum % COLOURS.length] as string
}

export function initialsOf(name: string): string {
  const words = name.split(/[\s@._-]+/).filter(Boolean)
  const letters = words.length > 1 ? [words[0], words[1]] : [words[0]?.slice(0, 2)]
  return letters
    .map((word, index) => (words.length > 1 ? [...(word ?? '')][0] : word) ?? `${index}`)
    .join('')
    .toUpperCase()
}
