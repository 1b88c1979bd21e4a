/** Amounts in words. */
import { describe, expect, it } from 'vitest'
import { bytesOf, numberOf, secondsOf } from '../src/ui/sizes'

describe('amounts', () => {
  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1000, '1 kB'],
    [1_540_000, '1.5 MB'],
    [2e15, '2,000 TB'],
  ])('%d bytes are %j', (count, words) => {
    expect(bytesOf(count)).toBe(words)
  })

  it('tells no age from one of nought', () => {
    expect([secondsOf(0), secondsOf(0.04), secondsOf(1.25)]).toEqual([
      'none',
      'under 0.1 s',
      '1.3 s',
    ])
  })

  it('groups thousands', () => {
    expect(numberOf(1234567)).toBe('1,234,567')
  })
})
