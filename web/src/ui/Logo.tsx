/** The mark: an eight whose head thinks. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" role="img" aria-label="8gentc">
      <rect width="32" height="32" rx="8" fill="#0f766e" />
      <g fill="none" stroke="#fff" strokeWidth="2.4">
        <circle cx="16" cy="10.2" r="4.4" />
        <circle cx="16" cy="21" r="6" />
      </g>
      <circle cx="25.6" cy="7" r="2.6" fill="#fbbf24" />
    </svg>
  )
}
