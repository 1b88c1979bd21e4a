export default function Board(_: { onClose?: () => void }) { return <p>Board</p> }
