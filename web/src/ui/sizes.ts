/** Amounts in words. */
const numbers = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB']

export function bytesOf(count: number): string {
  let [size, unit] = [count, 0]
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000
    unit += 1
  }
  return `${numbers.format(size)} ${UNITS[unit]}`
}

export function secondsOf(seconds: number): string {
  if (seconds === 0) return 'none'
  return seconds < 0.1 ? 'under 0.1 s' : `${numbers.format(seconds)} s`
}

export function numberOf(count: number): string {
  return numbers.format(count)
}
