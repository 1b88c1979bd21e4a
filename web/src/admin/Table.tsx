/** A table that scrolls by itself where the page is narrow. */
import type { ReactNode } from 'react'

interface Props {
  name: string
  columns: readonly string[]
  children: ReactNode
}

export function Table({ name, columns, children }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className="table-scroll" tabIndex={0} aria-label={name}>
      <table className="table">
        <thead>
          <tr>
            {columns.map((one) => (
              <th key={one} scope="col">
                {one}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  )
}
