// Requests in, answers out: one JSON value each way, bytes as hex.
import { readFileSync } from 'node:fs'

export const request = () => JSON.parse(readFileSync(0, 'utf8'))

export const answer = (value) => process.stdout.write(JSON.stringify(value))

export const hex = (bytes) => Buffer.from(bytes).toString('hex')

export const bytes = (text) => new Uint8Array(Buffer.from(text, 'hex'))
