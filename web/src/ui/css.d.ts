/** React knows no custom properties; these are the ones that components set. */
import 'react'

declare module 'react' {
  interface CSSProperties {
    '--who'?: string
    '--kind'?: string
  }
}
