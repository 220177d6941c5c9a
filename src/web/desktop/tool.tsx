/** Buttons: those that show a drawing, and those that say a word. */
import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icons.tsx";

/** A drawing whose button says in words what it does. `disabled`: it can be reached, and does nothing. */
export function Tool(props: {
  readonly icon: IconName;
  readonly label: string;
  readonly kind?: string;
  readonly submit?: boolean;
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  readonly onClick?: () => void;
}) {
  const { icon, label, kind = "", submit, pressed, disabled = false, onClick } = props;
  return (
    <button
      class={`tool ${kind}`}
      type={submit === true ? "submit" : "button"}
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      aria-disabled={disabled}
      onClick={disabled ? undefined : onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

/** A word. `kind` is how much it stands out. */
export function Button(props: {
  readonly children: ComponentChildren;
  readonly kind?: "primary" | "plain" | "danger";
  readonly submit?: boolean;
  readonly disabled?: boolean;
  readonly focused?: boolean;
  readonly onClick?: () => void;
}) {
  const { children, kind = "plain", submit, disabled = false, focused, onClick } = props;
  return (
    <button
      class={kind}
      type={submit === true ? "submit" : "button"}
      aria-disabled={disabled}
      data-focus={focused}
      onClick={disabled ? undefined : onClick}
    >
      {children}
    </button>
  );
}
