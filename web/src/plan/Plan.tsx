export default function Plan(_: { onClose?: () => void }) {
  return <p>Plan</p>
}
