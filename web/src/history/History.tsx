export default function History(_: { onClose?: () => void }) {
  return <p>History</p>
}
