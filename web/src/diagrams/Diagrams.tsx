export default function Diagrams(_: { onClose?: () => void }) {
  return <p>Diagrams</p>
}
