/** Kinds of nodes that the studio has a sign and a colour for; any other word is a kind, too. */
import {
  BadgeDollarSign,
  Flag,
  type LucideIcon,
  Megaphone,
  Package,
  SquareCheckBig,
  StickyNote,
  TriangleAlert,
  Users,
} from 'lucide-react'

export interface NodeKind {
  name: string
  title: string
  Icon: LucideIcon
  colour: string
}

const PLAIN: NodeKind = {
  name: 'note',
  title: 'Note',
  Icon: StickyNote,
  colour: 'var(--kind-note)',
}

export const KINDS: readonly NodeKind[] = [
  PLAIN,
  { name: 'goal', title: 'Goal', Icon: Flag, colour: 'var(--kind-goal)' },
  { name: 'customer', title: 'Customer', Icon: Users, colour: 'var(--kind-customer)' },
  { name: 'offer', title: 'Offer', Icon: Package, colour: 'var(--kind-offer)' },
  { name: 'channel', title: 'Channel', Icon: Megaphone, colour: 'var(--kind-channel)' },
  { name: 'money', title: 'Money', Icon: BadgeDollarSign, colour: 'var(--kind-money)' },
  { name: 'risk', title: 'Risk', Icon: TriangleAlert, colour: 'var(--kind-risk)' },
  { name: 'task', title: 'Task', Icon: SquareCheckBig, colour: 'var(--kind-task)' },
]

export function kindOf(name: string): NodeKind {
  return KINDS.find((one) => one.name === name) ?? PLAIN
}
