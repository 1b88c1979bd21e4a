/** A secret that the server shows this once. */
interface Props {
  label: string
  text: string
}

export function Secret({ label, text }: Props) {
  return (
    <label className="field">
      {label}
      <textarea
        className="input secret"
        readOnly
        rows={Math.min(10, text.split('\n').length)}
        value={text}
        onFocus={(event) => event.target.select()}
      />
      <span className="quiet small">Copy it now: it is not shown again.</span>
    </label>
  )
}
