/** A button that shows a drawing and says in words what it does. */
import { Icon, type IconName } from "./icons.tsx";

/** `disabled`: it can be reached and says why it is there, and does nothing. */
export function Tool(props: {
  readonly icon: IconName;
  readonly label: string;
  readonly part?: string;
  readonly kind?: string;
  readonly submit?: boolean;
  readonly disabled?: boolean;
  readonly onClick?: () => void;
}) {
  const { icon, label, part, kind = "", submit, disabled = false, onClick } = props;
  return (
    <button
      class={`tool ${kind}`}
      part={part}
      type={submit ? "submit" : "button"}
      aria-label={label}
      title={label}
      aria-disabled={disabled}
      onClick={disabled ? undefined : onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
