/** An icon of the editor's own set. */
export function Icon({ name, label }: { name: string; label?: string }) {
  const [id, modifier] = name.split("~");
  const spin = modifier === "spin" ? "codicon-modifier-spin" : "";
  return (
    <span
      class={`codicon codicon-${id} ${spin}`}
      {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
    />
  );
}

interface ButtonProps {
  icon: string;
  label: string;
  /** What the pointer is told, where it is more than the label. */
  tip?: string;
  onClick: () => void;
  pressed?: boolean;
  disabled?: boolean;
  text?: boolean;
}

/** A button with an icon; its label is read out, shown as a tip, and with `text` beside it. */
export function IconButton({ icon, label, tip, onClick, pressed, disabled, text }: ButtonProps) {
  return (
    <button
      type="button"
      class={`icon-button${pressed ? " pressed" : ""}`}
      title={tip ?? label}
      aria-label={tip ?? label}
      {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
      disabled={disabled ?? false}
      onClick={onClick}
    >
      <Icon name={icon} />
      {text ? <span>{label}</span> : null}
    </button>
  );
}
