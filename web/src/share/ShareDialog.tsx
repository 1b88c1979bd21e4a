export default function ShareDialog(_: { onClose?: () => void }) {
  return <p>ShareDialog</p>
}
