/** Where colleagues point. */
import { useStore, ViewportPortal } from '@xyflow/react'
import { useColleagues, useOpen } from '../live/useLive'

export function Cursors() {
  const { live } = useOpen()
  const zoom = useStore((state) => state.transform[2])
  const pointing = useColleagues(live).filter((one) => one.view === 'board' && one.point)
  return (
    <ViewportPortal>
      {pointing.map(({ client, name, colour, point }) => (
        <div
          key={client}
          className="cursor"
          aria-hidden
          style={{
            '--who': colour,
            transform: `translate(${point?.x}px, ${point?.y}px) scale(${1 / zoom})`,
          }}
        >
          <svg width="18" height="20" viewBox="0 0 18 20" aria-hidden>
            <path d="M1 1 L1 17 L5.500 13 L8.500 19 L11 18 L8 12 L14 12 Z" />
          </svg>
          <span>{name}</span>
        </div>
      ))}
    </ViewportPortal>
  )
}
