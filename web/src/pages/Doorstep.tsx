/** What all pages before the login share: the card, and the picture beside it. */
import type { ReactNode } from 'react'
import { Logo } from '../ui/Logo'

export function Doorstep({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="doorstep">
      <main className="door-card">
        <div className="row">
          <Logo size={34} />
          <strong className="wordmark">8gentc</strong>
        </div>
        <h1>{title}</h1>
        {children}
      </main>
      <Picture />
    </div>
  )
}

function Picture() {
  return (
    <aside className="door-picture" aria-hidden="true">
      <svg viewBox="0 0 520 420" fill="none" aria-hidden="true">
        <g stroke="currentColor" strokeWidth="1.6" opacity="0.55">
          <path d="M150 98 C 230 98, 210 190, 292 190" />
          <path d="M150 98 C 220 98, 190 306, 268 306" />
          <path d="M398 190 C 450 190, 440 300, 384 306" />
          <path d="M334 222 C 334 250, 326 258, 326 276" />
        </g>
        <g>
          <rect x="40" y="66" width="118" height="62" rx="12" className="door-node" />
          <rect x="288" y="158" width="118" height="62" rx="12" className="door-node" />
          <rect x="266" y="276" width="118" height="62" rx="12" className="door-node" />
          <rect x="54" y="82" width="6" height="30" rx="3" fill="#fbbf24" />
          <rect x="302" y="174" width="6" height="30" rx="3" fill="#5eead4" />
          <rect x="280" y="292" width="6" height="30" rx="3" fill="#c4b5fd" />
          <g fill="#fff">
            <rect x="72" y="84" width="62" height="8" rx="4" opacity="0.95" />
            <rect x="72" y="102" width="44" height="6" rx="3" opacity="0.5" />
            <rect x="320" y="176" width="54" height="8" rx="4" opacity="0.95" />
            <rect x="320" y="194" width="66" height="6" rx="3" opacity="0.5" />
            <rect x="298" y="294" width="66" height="8" rx="4" opacity="0.95" />
            <rect x="298" y="312" width="38" height="6" rx="3" opacity="0.5" />
          </g>
        </g>
        <g>
          <path d="M222 140 l0 21 6 -6 8 0 z" fill="#fbbf24" />
          <rect x="236" y="158" width="42" height="20" rx="6" fill="#fbbf24" />
          <text x="243" y="172.500" fontSize="12" fontWeight="600" fill="#3b2700">
            Ada
          </text>
          <path d="M424 250 l0 21 6 -6 8 0 z" fill="#c4b5fd" />
          <rect x="438" y="268" width="50" height="20" rx="6" fill="#c4b5fd" />
          <text x="445" y="282.500" fontSize="12" fontWeight="600" fill="#2a1160">
            Grace
          </text>
        </g>
      </svg>
      <p>Plans, graphs and diagrams, thought through together. Every word you see is saved.</p>
    </aside>
  )
}
